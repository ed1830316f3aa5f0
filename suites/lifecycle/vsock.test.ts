import type { Socket } from "node:net";
import { expect, test, type VirtualMachine } from "jest-avf";

/** The VM's own adbd, the one service that every debuggable VM has on a vsock port. */
const ADB_PORT = 5555;
const CONNECT = "CNXN";
const ANSWER_MS = 3_000;

test("connectVsock exchanges data with a service in the VM, and ends with it", async ({ readyVm, signal }) => {
  const hello = adbMessage(CONNECT, 0x01000001, 1 << 20, "host::features=shell_v2\0");
  const { socket, answer } = await askUntilAnswered(readyVm, hello, signal);
  expect(answer.subarray(0, 4).toString()).toBe(CONNECT);
  expect(answer.subarray(24).toString()).toMatch(/^device::/);

  const closed = new Promise((resolve) => socket.once("close", resolve));
  await readyVm.stop();
  await closed;
  await expect(readyVm.connectVsock(ADB_PORT)).toRejectWithCode("VM_NOT_RUNNING");
});

/** adbd starts beside the payload; until it listens, a connection is closed or says nothing, as the device likes. */
async function askUntilAnswered(
  vm: VirtualMachine,
  question: Buffer,
  signal: AbortSignal,
): Promise<{ readonly socket: Socket; readonly answer: Buffer }> {
  for (;;) {
    signal.throwIfAborted();
    const socket = await vm.connectVsock(ADB_PORT);
    socket.on("error", () => undefined);
    socket.write(question);
    const answer = await firstMessage(socket);
    if (answer !== undefined) return { socket, answer };
    socket.destroy();
  }
}

/** Undefined when the connection ends, or is silent for long. */
function firstMessage(socket: Socket): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      const soFar = Buffer.concat(chunks);
      if (soFar.length >= 24 && soFar.length >= 24 + soFar.readUInt32LE(12)) resolve(soFar);
    });
    socket.once("close", () => resolve(undefined));
    socket.setTimeout(ANSWER_MS, () => resolve(undefined));
  });
}

/** A message of adb's protocol: six numbers, then the data. */
function adbMessage(command: string, arg0: number, arg1: number, text: string): Buffer {
  const data = Buffer.from(text);
  const code = Buffer.from(command).readUInt32LE(0);
  const sum = data.reduce((total, byte) => total + byte, 0);
  const header = Buffer.alloc(24);
  const numbers = [code, arg0, arg1, data.length, sum, (code ^ 0xffffffff) >>> 0];
  numbers.forEach((number, i) => header.writeUInt32LE(number, 4 * i));
  return Buffer.concat([header, data]);
}

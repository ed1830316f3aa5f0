import type { Socket } from "node:net";
import { expect, test } from "jest-avf";

/** The VM's own adbd, the one service that every debuggable VM has on a vsock port. */
const ADB_PORT = 5555;
const CONNECT = "CNXN";

test("connectVsock exchanges data with a service in the VM, and ends with it", async ({ readyVm, signal }) => {
  const hello = adbMessage(CONNECT, 0x01000001, 1 << 20, "host::features=shell_v2\0");
  // adbd starts in parallel with the payload.
  const socket = await readyVm.connectVsock(ADB_PORT, { retryUntilMs: 60_000, signal });
  socket.on("error", () => undefined);
  socket.write(hello);
  const answer = await firstMessage(socket);
  expect(answer.subarray(0, 4).toString()).toBe(CONNECT);
  expect(answer.subarray(24).toString()).toMatch(/^device::/);

  const closed = new Promise((resolve) => socket.once("close", resolve));
  await readyVm.stop();
  await closed;
  await expect(readyVm.connectVsock(ADB_PORT)).toRejectWithCode("VM_NOT_RUNNING");
});

function firstMessage(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      const soFar = Buffer.concat(chunks);
      if (soFar.length >= 24 && soFar.length >= 24 + soFar.readUInt32LE(12)) resolve(soFar);
    });
    socket.once("close", () => reject(new Error("the connection ended before adbd had answered")));
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

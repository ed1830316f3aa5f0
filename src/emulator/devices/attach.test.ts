import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { copyFile } from "node:fs/promises";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { until } from "../../base/testing/until.js";
import { deviceInFolder, type DeviceInFolder } from "../../avfd/testing/device-in-folder.js";
import type { DeviceProcess } from "../../device/index.js";
import { replaceClient } from "./attach.js";

let there: DeviceInFolder;
beforeAll(async () => {
  there = await deviceInFolder();
  await copyFile(join(__dirname, "../../../fixtures/MicrodroidTestApp.apk"), join(there.folder, "a.apk"));
});
afterAll(async () => there[Symbol.asyncDispose]());

/** A VM that runs on a device which was put back: its client is nobody's. */
async function restoredVm(): Promise<{ readonly cid: number; notify(line: string): void }> {
  const files = ["--console", "console.txt", "--log", "log.txt", "--instance-id-file", "vm.id"];
  const config = ["--config-path", "assets/vm_config.json"];
  const client = there.start("vm", "run-app", ...files, ...config, "a.apk", "a.idsig", "instance.img");
  const cid = Number((await client.printed(/with CID \d+/)).slice("with CID ".length));
  const vm = there.device.virtualization.list().find((one) => one.cid === cid);
  if (!vm) throw new Error(`no VM has CID ${cid}`);
  vm.notify("started");
  await there.device.virtualization.freeze();
  there.device.virtualization.restored();
  there.device.virtualization.thaw();
  client.end("SIGKILL");
  return { cid, notify: (line) => void vm.notify(line) };
}

/** adb's way to the socket, without adb. */
const socketOf = (path: string) => ({
  connect: async () => {
    const socket = connect(path);
    await once(socket, "connect");
    return socket;
  },
});
const attach = (cid: number): DeviceProcess => replaceClient(socketOf(there.device.paths.socket), cid);

function collect(stream: Readable): () => string {
  let text = "";
  stream.on("data", (chunk: Buffer) => (text += String(chunk)));
  return () => text;
}

describe("attached to a VM of a restored device", () => {
  test("it gets all events, types into the console, and ends with the VM", async () => {
    const { cid, notify } = await restoredVm();
    const client = attach(cid);
    const [stdout, stderr] = [collect(client.stdout), collect(client.stderr)];
    await until("it to be told", () => stderr().includes("payload started"));
    notify("ready");
    await until("it to be told", () => stderr().includes("payload is ready"));
    const scripted = there.vmm.started.at(-1);
    const long = "typed\n".repeat(3000);
    client.stdin.write(long);
    await until("what was typed to arrive", () => scripted?.typed().length === long.length);
    expect(scripted?.typed()).toBe(long);
    scripted?.end({ kind: "shutdown" });
    expect(await client.ended).toEqual({ exitCode: 0 });
    await until("its output to close", () => client.stdout.closed);
    expect(stdout()).toContain(`with CID ${cid}, state is STARTING.`);
    expect(stdout()).toMatch(/VM ended: Shutdown\n$/);
  });

  test("the VM ends with it", async () => {
    const { cid } = await restoredVm();
    const vm = there.device.virtualization.list().find((one) => one.cid === cid);
    const client = attach(cid);
    await once(client.stdout, "data");
    await client.stop();
    expect(await client.ended).toEqual({ exitCode: undefined });
    expect(await vm?.died).toBe("KILLED");
  });

  test("no input is fine, and input that was never read is reported at the end", async () => {
    const { cid } = await restoredVm();
    const client = attach(cid);
    await once(client.stdout, "data");
    client.stdin.write("");
    client.stdin.write("typed");
    const scripted = there.vmm.started.at(-1);
    await until("what was typed to arrive", () => scripted?.typed() === "typed");
    await client.stop();
    const late = new Promise((resolve) => client.stdin.write("too late", resolve));
    expect(await late).toMatchObject({ message: expect.any(String) });
  });

  test("waits while the clients are not yet known", async () => {
    const { cid } = await restoredVm();
    await there.device.virtualization.freeze();
    const { attachments } = there.device.virtualization;
    const [settled, find] = [jest.spyOn(attachments, "settled", "get"), jest.spyOn(attachments, "find")];
    const client = attach(cid);
    const stdout = collect(client.stdout);
    await until("the client's request to arrive", () => settled.mock.calls.length > 0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(find).not.toHaveBeenCalled();
    expect(stdout()).toBe("");
    there.device.virtualization.restored();
    await until("output of the VM", () => stdout() !== "");
    jest.restoreAllMocks();
    await client.stop();
  });
});

test("a VM that is not there is refused as the device's own program refuses it", async () => {
  const client = attach(99);
  const stderr = collect(client.stderr);
  expect(await client.ended).toEqual({ exitCode: 1 });
  await until("stderr to close", () => client.stderr.closed);
  expect(stderr()).toBe("vm-attach: no attached VM has CID 99\n");
});

test("a service that cannot be reached is a program that fails", async () => {
  const client = replaceClient({ connect: async () => Promise.reject(new Error("nobody listens")) }, 1);
  const stderr = collect(client.stderr);
  expect(await client.ended).toEqual({ exitCode: 1 });
  await until("stderr to close", () => client.stderr.closed);
  expect(stderr()).toBe("nobody listens\n");
});

describe("a service that", () => {
  async function served(...sent: readonly Buffer[]): Promise<{ end: { exitCode?: number | undefined }; said: string }> {
    const server = createServer((socket) => socket.end(Buffer.concat(sent)));
    const path = join(there.folder, `served-${sent.length}`);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    try {
      const client = replaceClient(socketOf(path), 1);
      const said = collect(client.stdout);
      const wrong = collect(client.stderr);
      const end = await client.ended;
      await until("its output to close", () => client.stdout.closed && client.stderr.closed);
      return { end, said: said() + wrong() };
    } finally {
      server.close();
    }
  }
  const frame = (type: string, payload: Buffer): Buffer => {
    const head = Buffer.alloc(5);
    head.write(type, "latin1");
    head.writeUInt32LE(payload.length, 1);
    return Buffer.concat([head, payload]);
  };

  test("dies leaves its last messages", async () => {
    const words = Buffer.concat([
      Buffer.from([7, 0, 0, 0, 1, 0, 0, 0]),
      Buffer.from("VM ended: VirtualizationServiceDied\n"),
    ]);
    expect(await served(frame("O", Buffer.from("Created\n")), frame("L", words))).toEqual({
      end: { exitCode: 7 },
      said: "Created\nVM ended: VirtualizationServiceDied\n",
    });
  });

  test("dies without a message has no exit code", async () => {
    expect(await served()).toEqual({ end: { exitCode: undefined }, said: "" });
  });

  test("says something after its end is not listened to", async () => {
    const exit = frame("X", Buffer.from([3, 0, 0, 0]));
    expect(await served(exit, frame("O", Buffer.from("late")))).toEqual({
      end: { exitCode: 3 },
      said: "",
    });
  });

  test("asks for input that never comes drops what was typed", async () => {
    const server = createServer(() => undefined);
    const path = join(there.folder, "silent");
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const client = replaceClient(socketOf(path), 1);
    const typed = new Promise((resolve) => client.stdin.write("nobody wants it", resolve));
    await client.stop();
    expect(await typed).toMatchObject({ message: "the VM's client has ended" });
    server.close();
  });

  test("sends half a frame gets an error", async () => {
    const { end, said } = await served(frame("X", Buffer.from([1])));
    expect(end).toEqual({ exitCode: 1 });
    expect(said).toBe("avfd sent a frame X that is cut short\n");
  });

  test("sends something other than a frame gets an error", async () => {
    const { end, said } = await served(frame("?", Buffer.from("x")));
    expect(end).toEqual({ exitCode: 1 });
    expect(said).toBe('avfd sent a frame of type "?"\n');
  });
});

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Duplex } from "node:stream";
import type { Socket } from "node:net";
import { until } from "../../../base/testing/until.js";
import { FakeAdbServer } from "../../testing/fake-adb-server.js";
import { goneError, stateError } from "../device-errors.js";
import { openService } from "../server/smart-socket.js";
import { runOnDevice, type ShellConnection } from "./shell.js";

let fake: FakeAdbServer;
beforeEach(async () => {
  fake = await FakeAdbServer.start();
  fake.setDevices({ x: "device" });
});
afterEach(() => fake.stop());

/** The device is this host, behind a server that speaks adb's protocol. */
function connection(overrides: Partial<ShellConnection> = {}): ShellConnection {
  return {
    serial: "x",
    gone: new AbortController().signal,
    adb: () => ["false"],
    open: (service, signal) => openService(fake.address, "x", service, signal),
    assertStillThere: async () => undefined,
    ...overrides,
  };
}
const script = (text: string, ...args: readonly string[]): readonly string[] => ["sh", "-c", text, "sh", ...args];

describe("a command", () => {
  test("has its own exit code and outputs, whatever is in them", async () => {
    const result = await runOnDevice(
      connection(),
      script('printf "%s|" "$@"; echo é >&2; exit 44', "it's", "a\nb", ""),
    );
    expect(result).toMatchObject({ exitCode: 44, stdout: "it's|a\nb||", stderr: "é\n", timedOut: false });
    expect(fake.requests[0]).toBe("host:transport:x");
  });

  test("reads its input, and nothing without input", async () => {
    const input = Buffer.alloc(300_000, "0123456789");
    const read = await runOnDevice(connection(), ["cat"], { input });
    expect(Buffer.from(read.stdout).equals(input)).toBe(true);
    expect(await runOnDevice(connection(), ["cat"])).toMatchObject({ exitCode: 0, stdout: "" });
  });

  test("need not read its input", async () => {
    const input = Buffer.alloc(1_000_000, "x");
    expect(await runOnDevice(connection(), ["true"], { input })).toMatchObject({ exitCode: 0 });
  });

  test("that is killed has the exit code that adbd gives it", async () => {
    expect(await runOnDevice(connection(), script("kill -9 $$"))).toMatchObject({ exitCode: 137 });
  });

  test("that is cancelled ends with its connection: adbd sends SIGHUP", async () => {
    const controller = new AbortController();
    const call = runOnDevice(connection(), ["sleep", "1"], { signal: controller.signal });
    call.catch(() => undefined);
    await until("the command to begin", () => fake.requests.some((each) => each.startsWith("shell,")));
    controller.abort(new Error("given up"));
    await expect(call).rejects.toThrow("given up");
    await until("the connection to end", () => fake.connectionCount === 0);
  });

  test("has a timeout", async () => {
    const call = runOnDevice(connection(), ["sleep", "1"], { timeoutMs: 100 });
    await expect(call).rejects.toMatchObject({
      code: "TIMEOUT",
      message: "Timed out after 100 ms waiting for sleep 1 on x.",
    });
  });

  test("that prints without end is refused", async () => {
    const call = runOnDevice(connection(), ["yes"]);
    await expect(call).rejects.toMatchObject({ code: "TOO_MUCH_OUTPUT" });
  });

  test.each(["error: device offline", "error: closed", "adb: error: device 'x' not found"])(
    "that prints %j has failed, and nothing else",
    async (words) => {
      const result = await runOnDevice(connection(), script('echo "$1" >&2; exit 1', words));
      expect(result).toMatchObject({ exitCode: 1, stderr: `${words}\n` });
    },
  );
});

describe("the lab is broken", () => {
  test.each([
    [{ x: "offline" }, "DEVICE_OFFLINE"],
    [{ y: "device" }, "DEVICE_NOT_FOUND"],
  ])("among %j: %s", async (devices, code) => {
    fake.setDevices(devices);
    await expect(runOnDevice(connection(), ["true"])).rejects.toMatchObject({ kind: "infrastructure", code });
  });

  test("when no server is there", async () => {
    const gone = await FakeAdbServer.start();
    const { address } = gone;
    await gone.stop();
    const open = (service: string, signal: AbortSignal) => openService(address, "x", service, signal);
    const call = runOnDevice(connection({ open }), ["true"]);
    await expect(call).rejects.toMatchObject({ kind: "infrastructure", code: "ADB_CONNECTION" });
    await expect(call).rejects.toThrow(/ECONNREFUSED/);
  });
});

describe("a connection that ends before its command", () => {
  const cutOff = async (): Promise<Socket> => {
    const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    socket.push(Buffer.from([1, 2, 0, 0, 0, 0x68, 0x69]));
    socket.push(null);
    return socket as Socket;
  };

  test("is a failure of the lab", async () => {
    const call = runOnDevice(connection({ open: cutOff }), ["true"]);
    await expect(call).rejects.toMatchObject({ kind: "infrastructure", code: "ADB_CONNECTION" });
  });

  test.each([
    ["went away", goneError("x", "adb does not list it any more"), "DEVICE_GONE"],
    ["is offline now", stateError("x", "offline"), "DEVICE_OFFLINE"],
  ])("has the reason of a device that %s", async (_what, reason, code) => {
    const assertStillThere = (): Promise<void> => Promise.reject(reason);
    const call = runOnDevice(connection({ open: cutOff, assertStillThere }), ["true"]);
    await expect(call).rejects.toMatchObject({ kind: "infrastructure", code });
  });
});

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeError, isHarnessError } from "../../../base/errors.js";
import { buildLockChild, LockChild } from "../../../process/testing/lock-child.js";
import { asFileName } from "../../lease.js";
import type { AdbConnection } from "../server/connection.js";
import { connectVsock, type RunShort } from "./connect-vsock.js";

const ADDRESS = "vsock:2048:9999";
const refusal = (usec: string): string =>
  `11-29 19:52:14.${usec}   155   155 E adbd    : failed to connect to socket '${ADDRESS}': could not connect to vsock address '${ADDRESS}'`;

const saved = process.env["AVF_CACHE_DIR"];
let cache: string;
beforeEach(() => void (process.env["AVF_CACHE_DIR"] = cache = mkdtempSync(join(tmpdir(), "avf-vsock-"))));
afterEach(() => {
  if (saved === undefined) delete process.env["AVF_CACHE_DIR"];
  else process.env["AVF_CACHE_DIR"] = saved;
  rmSync(cache, { recursive: true });
});

let log: string[];
let socket: Socket;
let asked: string[];
/** What adbd does on each request. */
let answer: () => Socket | Error;
beforeEach(() => {
  log = [refusal("000001")];
  socket = new Socket();
  asked = [];
  answer = () => socket;
});
afterEach(() => void socket.destroy());

const connection = {
  serial: "phone",
  gone: new AbortController().signal,
  open: async (service: string) => {
    asked.push(service);
    const answered = answer();
    if (answered instanceof Error) throw answered;
    return answered;
  },
  explain: async (error: unknown) => error as Error,
} as unknown as AdbConnection;

/** Runs what it is given in a shell of this host, where `logcat` prints the log. */
const run: RunShort = async (argv) => {
  expect(argv.slice(0, 2)).toEqual(["sh", "-c"]);
  const script = `logcat() { cat <<'EOF'\n${log.join("\n")}\nEOF\n}\n${argv[2]}`;
  try {
    const output = execFileSync("sh", ["-c", script, ...argv.slice(3)], { encoding: "utf8" }).trimEnd();
    return { exitCode: 0, output };
  } catch (error) {
    return { exitCode: (error as { status: number }).status, output: "" };
  }
};

async function outcome(address = ADDRESS, timeoutMs?: number): Promise<string> {
  const options = timeoutMs === undefined ? {} : { timeoutMs };
  try {
    return (await connectVsock(connection, address, run, options)) === socket ? "connected" : "another socket";
  } catch (error) {
    return isHarnessError(error) ? `${error.kind} ${error.code}: ${error.message}` : describeError(error);
  }
}

describe("a connection to a guest", () => {
  test("is established when adbd says so and has logged no failure since; earlier log lines do not count", async () => {
    expect(await outcome()).toBe("connected");
    expect(asked).toEqual([ADDRESS]);
    expect(socket.destroyed).toBe(false);
  });

  test("is refused when adbd's log says so, whatever adbd reported", async () => {
    answer = () => {
      log.push(refusal("000002"));
      return socket;
    };
    const text = await outcome();
    expect(text).toMatch(
      /^vm VSOCK_REFUSED: Nothing accepts connections at vsock:2048:9999 of phone\.\nadbd: failed to c/,
    );
    expect(socket.destroyed).toBe(true);
  });

  test("is not refused for a failure at another address", async () => {
    answer = () => {
      log.push(refusal("000003").replaceAll("9999", "99"), refusal("000003").replaceAll("9999", "99990"));
      return socket;
    };
    expect(await outcome()).toBe("connected");
  });

  test("is not refused for the failure of another one to the same address at the same time", async () => {
    const sockets = [new Socket(), socket];
    answer = () => {
      if (sockets.length === 2) log.push(refusal("000004"));
      return sockets.shift() ?? new Error("none left");
    };
    const outcomes = await Promise.all([outcome(), outcome()]);
    expect(outcomes).toEqual([expect.stringMatching(/^vm VSOCK_REFUSED/), "connected"]);
  });

  test("waits for another process that connects to the same address, and for none that connects to another", async () => {
    const child = new LockChild(buildLockChild(cache));
    try {
      const lock = (address: string): string => join(cache, "vsock", `${asFileName(`phone ${address}`)}.lock`);
      await child.ask({ take: lock(ADDRESS) });
      expect(await outcome(ADDRESS, 0)).toMatch(/^infrastructure LOCK_TIMEOUT: Process \d+ is still racing/);
      expect(asked).toEqual([]);
      expect(await outcome("vsock:2048:99")).toBe("connected");
      const waiting = outcome();
      await child.kill();
      expect(await waiting).toBe("connected");
      expect(readdirSync(join(cache, "vsock"))).toEqual([]);
    } finally {
      await child.kill();
    }
  });

  test("is refused when adbd refuses", async () => {
    answer = () => new Error("Failure: 'closed'");
    expect(await outcome()).toMatch(/^vm VSOCK_REFUSED: .*\nadbd: Failure: 'closed'$/);
  });

  test("needs an address", async () => {
    for (const address of ["vsock:2048", "vsock:x:1", `${ADDRESS}' ; reboot`, "vsock:1:2:3"])
      expect(await outcome(address)).toMatch(/^usage VSOCK_ADDRESS/);
    expect(asked).toEqual([]);
  });
});

test("on a device whose log cannot be read adbd's report counts", async () => {
  log = [];
  expect(await outcome()).toBe("connected");
});

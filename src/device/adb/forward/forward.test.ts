import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { until } from "../../../base/testing/until.js";
import type { AdbConnection } from "../server/connection.js";
import { openForward } from "./forward.js";
import { sweepForwards } from "../notes/forward-records.js";
import type { AdbServer } from "../server/server.js";

/** An adb that keeps its forwards in a file, and refuses to guess among devices, as adb does. */
const ADB = `#!/bin/sh
cd "$(dirname "$0")"
[ "$1" = -s ] && { serial=$2; shift 2; }
case "$1 $2" in
'forward --list') cat list ;;
'forward --remove')
  [ "$serial" ] || { echo 'error: more than one device/emulator' >&2; exit 1; }
  grep -q " $3 " list || { echo "adb: error: listener '$3' not found" >&2; exit 1; }
  grep -v " $3 " list >rest; mv rest list ;;
'forward --no-rebind')
  echo asked >>asked
  [ -e slow ] && sleep 0.3
  [ -e taken ] && { rm taken; echo "adb: error: cannot bind listener: Address already in use" >&2; exit 1; }
  echo "$serial $3 $4" >>list ;;
esac
`;

let folder: string;
let connection: AdbConnection;
let server: AdbServer;
let gone: AbortController;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-forward-"));
  process.env["AVF_CACHE_DIR"] = join(folder, "cache");
  const adb = join(folder, "adb");
  writeFileSync(adb, ADB);
  chmodSync(adb, 0o755);
  writeFileSync(join(folder, "list"), "other tcp:39999 tcp:1\n");
  gone = new AbortController();
  server = { port: 5037, client: {} as never, command: [adb] };
  connection = {
    serial: "phone",
    server,
    gone: gone.signal,
    adb: (...args: readonly string[]) => [adb, "-s", "phone", ...args],
    assertStillThere: async () => undefined,
  } as unknown as AdbConnection;
});
afterEach(() => {
  delete process.env["AVF_CACHE_DIR"];
  rmSync(folder, { recursive: true });
});

const list = (): readonly string[] => readFileSync(join(folder, "list"), "utf8").trim().split("\n");
const notes = (): readonly string[] => readdirSync(join(folder, "cache/forwards"));

test("a forward is opened on a free port, and removed once", async () => {
  const forward = await openForward(connection, "vsock:2048:5555");
  expect(list()).toContain(`phone tcp:${forward.hostPort} vsock:2048:5555`);
  expect(notes()).toHaveLength(1);
  await forward.close();
  await forward.close();
  expect(list()).toEqual(["other tcp:39999 tcp:1"]);
  expect(notes()).toEqual([]);
});

test("a port that another took in between is left to it", async () => {
  writeFileSync(join(folder, "taken"), "");
  const forward = await openForward(connection, "tcp:5555");
  expect(list()).toEqual(["other tcp:39999 tcp:1", `phone tcp:${forward.hostPort} tcp:5555`]);
  expect(notes()).toHaveLength(1);
  await forward.close();
  expect(notes()).toEqual([]);
});

test("a call that is given up while adb works on it leaves no forward", async () => {
  writeFileSync(join(folder, "slow"), "");
  const controller = new AbortController();
  const forward = openForward(connection, "tcp:5555", { signal: controller.signal });
  forward.catch(() => undefined);
  await until("adb to be asked", () => existsSync(join(folder, "asked")));
  expect(notes()).toHaveLength(1);
  controller.abort(new Error("given up"));
  await expect(forward).rejects.toThrow("given up");
  await until("the note to go", () => notes().length === 0);
  expect(list()).toEqual(["other tcp:39999 tcp:1"]);
});

test("closing is fine when adb has forgotten the forward already", async () => {
  const forward = await openForward(connection, "tcp:5555");
  writeFileSync(join(folder, "list"), "\n");
  await forward.close();
  expect(notes()).toEqual([]);
});

test("a device that is gone took its forwards along: the port may be another's", async () => {
  const forward = await openForward(connection, "tcp:5555");
  gone.abort(new Error("gone"));
  await forward.close();
  expect(list()).toHaveLength(2);
  expect(notes()).toEqual([]);
});

test("a port that leads elsewhere by now is left, whoever's it is", async () => {
  const forward = await openForward(connection, "tcp:5555");
  // adb removes the forward of a port whatever device it leads to.
  const theirs = `other tcp:${forward.hostPort} tcp:1`;
  writeFileSync(join(folder, "list"), `${theirs}\n`);
  await forward.close();
  expect(list()).toEqual([theirs]);
  expect(notes()).toEqual([]);
});

test.each(["", "5555", "tcp:x", "tcp:1;tcp:2", "vsock:1", "jdwp:1"])("a forward to %j is refused", async (remote) => {
  await expect(openForward(connection, remote)).rejects.toMatchObject({ kind: "usage", code: "FORWARD_REMOTE" });
});

describe("sweep", () => {
  const dead = (): number => spawnSync("true").pid;
  const note = (pid: number, hostPort: number, remote = "tcp:5555"): void => {
    mkdirSync(join(folder, "cache/forwards"), { recursive: true });
    const text = JSON.stringify({ serial: "phone", serverPort: 5037, hostPort, remote, pid, startTicks: "1" });
    writeFileSync(join(folder, `cache/forwards/${pid}-1-5037-${hostPort}.json`), text);
  };

  test("removes what the dead left", async () => {
    writeFileSync(join(folder, "list"), "phone tcp:41000 tcp:5555\nother tcp:39999 tcp:1\n");
    note(dead(), 41_000);
    await sweepForwards(server);
    expect(list()).toEqual(["other tcp:39999 tcp:1"]);
    expect(notes()).toEqual([]);
  });

  test("leaves what the living hold", async () => {
    const forward = await openForward(connection, "tcp:5555");
    await sweepForwards(server);
    expect(list()).toContain(`phone tcp:${forward.hostPort} tcp:5555`);
    expect(notes()).toHaveLength(1);
    await forward.close();
  });

  test("leaves what a process of another container may hold, whatever its pid is here", async () => {
    writeFileSync(join(folder, "list"), "phone tcp:41000 tcp:5555\n");
    mkdirSync(join(folder, "cache/forwards"), { recursive: true });
    const note = {
      serial: "phone",
      serverPort: 5037,
      hostPort: 41_000,
      remote: "tcp:5555",
      pid: dead(),
      startTicks: "1",
    };
    const text = JSON.stringify({ ...note, place: "another-boot pid:[1]" });
    writeFileSync(join(folder, "cache/forwards/theirs.json"), text);
    await sweepForwards(server);
    expect(list()).toEqual(["phone tcp:41000 tcp:5555"]);
    expect(notes()).toEqual(["theirs.json"]);
  });

  test("leaves a port that leads elsewhere by now", async () => {
    writeFileSync(join(folder, "list"), "phone tcp:41000 tcp:7777\n");
    note(dead(), 41_000);
    await sweepForwards(server);
    expect(list()).toEqual(["phone tcp:41000 tcp:7777"]);
    expect(notes()).toEqual([]);
  });

  test("throws away a note that cannot be read", async () => {
    mkdirSync(join(folder, "cache/forwards"), { recursive: true });
    writeFileSync(join(folder, "cache/forwards/half.json"), '{"pid":');
    await sweepForwards(server);
    expect(notes()).toEqual([]);
  });
});

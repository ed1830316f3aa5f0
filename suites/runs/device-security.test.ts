import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stopWithUs } from "./stop-with-us.js";

const avf = join(__dirname, "../../src/cli/avf.cjs");
const NAME = `locked-${process.pid}`;

let stopDevice: () => Promise<void>;
let serial: string;
let home: string;
let serverPort: number;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "avf-stranger-"));
  serverPort = await freePort();
  stopDevice = stopWithUs([NAME]);
  run([process.execPath, avf, "device", "start", "--name", NAME]);
  const list = run(["adb", "devices"]);
  const records = run([process.execPath, avf, "device", "list"]);
  serial = new RegExp(`^.*\\b${NAME}\\b.*?(127\\.0\\.0\\.1:\\d+)`, "m").exec(records)?.[1] ?? "";
  expect(list).toContain(`${serial}\tdevice`);
}, 600_000);
afterAll(async () => {
  await stopDevice();
  stranger("kill-server");
  rmSync(home, { recursive: true, force: true });
}, 60_000);

function run([file = "", ...args]: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${file} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout + stderr;
}

/** The adb of another user: with a server, a home and a key of its own. */
function stranger(...args: readonly string[]): string {
  const away = ["ADB_VENDOR_KEYS", "ADB_SERVER_SOCKET", "ANDROID_ADB_SERVER_PORT", "ANDROID_SERIAL"];
  const kept = Object.entries(process.env).filter(([name]) => !away.includes(name));
  const env = { ...Object.fromEntries(kept), HOME: home };
  const { stdout, stderr } = spawnSync("adb", ["-P", String(serverPort), ...args], {
    encoding: "utf8",
    env,
    timeout: 60_000,
  });
  return stdout + stderr;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

test("an emulated device admits the adb of the user who started it, and no other", () => {
  expect(run(["adb", "-s", serial, "shell", "id -u"]).trim()).toBe("2000");
  expect(stranger("connect", serial)).toMatch(/failed to authenticate|unauthorized/);
  expect(stranger("devices")).not.toContain(`${serial}\tdevice`);
  expect(stranger("-s", serial, "shell", "id -u")).not.toMatch(/^2000$/m);
  // Nor does that disturb the owner.
  expect(run(["adb", "-s", serial, "shell", "id -u"]).trim()).toBe("2000");
}, 120_000);

/** `/proc/PID/status` of its QEMU. */
function statusOfQemu(): string {
  const port = serial.split(":")[1] ?? "";
  const machines = readdirSync("/proc").filter(
    (pid) => /^\d+$/.test(pid) && commandLine(pid).includes(`hostfwd=tcp:127.0.0.1:${port}-`),
  );
  expect(machines).toHaveLength(1);
  return readFileSync(`/proc/${machines[0]}/status`, "utf8");
}

test("its QEMU can start no program and gain no rights", () => {
  const status = statusOfQemu();
  expect(/^NoNewPrivs:\s*(\d)$/m.exec(status)?.[1]).toBe("1");
  // 2: by a filter of system calls.
  expect(/^Seccomp:\s*(\d)$/m.exec(status)?.[1]).toBe("2");
});

const testAsRoot = process.getuid?.() === 0 ? test : test.skip;
testAsRoot("started by root, its QEMU runs as an otherwise unused user and group, without capabilities", () => {
  const status = statusOfQemu();
  const ids = (name: string): readonly number[] =>
    new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1]?.trim().split(/\s+/).map(Number) ?? [];
  for (const name of ["Uid", "Gid", "Groups"]) {
    expect(ids(name).length).toBeGreaterThan(0);
    for (const id of ids(name)) expect(id).toBeGreaterThan(60_000);
  }
  for (const set of ["CapPrm", "CapEff", "CapAmb"]) expect(status).toMatch(new RegExp(`^${set}:\\s*0+$`, "m"));
});

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

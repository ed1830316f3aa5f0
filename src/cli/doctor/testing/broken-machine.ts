/** Machines that lack something, made of folders, mounts and programs of a test's own; and avf as it is called on them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../../base/paths.js";
import { FakeAdbServer } from "../../../device/testing/fake-adb-server.js";
import { findProgram } from "../../../process/programs/find-program.js";
import { TREE_RECORD } from "../../../emulator/packages/tree-digest.js";
import { describeSet, DEVICE_PACKAGES } from "../../../emulator/packages/sets.js";
import type { PackageFile } from "../../../emulator/packages/unpack.js";

export const isRoot = process.getuid?.() === 0;
export const MAIN = join(packageRoot, "dist/cli/main.js");
export const TOOLS = [
  "adb",
  "gcc",
  "readelf",
  "mke2fs",
  "dpkg-deb",
  "apt-get",
  "setpriv",
  "flock",
  "cp",
  "sh",
  "umount",
];

const root = realpathSync(mkdtempSync(join(tmpdir(), "avf-doctor-")));
let made = 0;
const closing: (() => Promise<unknown>)[] = [];

/** Ends and removes all that was made here. */
export async function removeMachines(): Promise<void> {
  for (const close of closing) await close();
  rmSync(root, { recursive: true, force: true });
}

export function folder(mode = 0o700): string {
  const path = join(root, `${++made}`);
  mkdirSync(path);
  chmodSync(path, mode);
  return path;
}

/** PATH without some tools, and with programs of the test's own. */
export function pathWithout(without: readonly string[], own: Readonly<Record<string, string>> = {}): string {
  const bin = folder();
  for (const tool of TOOLS.filter((each) => !without.includes(each) && !(each in own))) {
    symlinkSync(findProgram(tool) ?? `/usr/bin/${tool}`, join(bin, tool));
  }
  for (const [name, text] of Object.entries(own))
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return bin;
}

export interface Machine {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What is done, as root of a mount namespace of its own, before: a shell's command. */
  readonly mount?: string;
  /** Where the command is called. */
  readonly project?: string;
}

/** Doctor's words, and then those of a run, in one process: starting one is most of the work. */
const SCRIPT = `
const { main } = require(process.argv[1]);
const codes = [];
(async () => {
  for (const line of process.argv.slice(2)) {
    await main(line.split(" "));
    codes.push(process.exitCode);
  }
  process.stderr.write("exit codes " + codes.join(" "));
})();`;

/** Root may do anything, but for what is taken from it: then it may what any user may with files of their own. */
function commandOf(lines: readonly string[], { mount }: Machine): readonly string[] {
  const taken = "--bounding-set=-dac_override,-dac_read_search,-sys_admin";
  const ordinary = isRoot || mount !== undefined ? ["/usr/bin/setpriv", taken] : [];
  const program = [...ordinary, process.execPath, "-e", SCRIPT, MAIN, ...lines];
  if (mount === undefined) return program;
  return ["/usr/bin/unshare", isRoot ? "-m" : "-rm", "/bin/sh", "-c", `${mount} && exec "$@"`, "sh", ...program];
}

/** @param lines command lines of avf, one after the other */
export async function avf(lines: readonly string[], machine: Machine) {
  const [file = "", ...rest] = commandOf(lines, machine);
  const usual = { PATH: process.env["PATH"], HOME: root, AVF_CACHE_DIR: folder(), AVF_OUT: folder(), NO_COLOR: "1" };
  const child = spawn(file, rest, {
    cwd: machine.project ?? root,
    env: { ...usual, ...machine.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (said.stdout += String(chunk)));
  child.stderr.on("data", (chunk: Buffer) => (said.stderr += String(chunk)));
  await once(child, "close");
  const [stderr = "", codes = ""] = said.stderr.split("exit codes ");
  return { codes, stdout: said.stdout, stderr };
}

export function mounted(options: string): Machine {
  const path = folder();
  return { mount: `/bin/mount -t tmpfs -o ${options} tmpfs ${path}`, env: { AVF_CACHE_DIR: path } };
}

export function owned(path: string, uid: number): string {
  if (!isRoot) return "/usr";
  chownSync(path, uid, uid);
  return path;
}

/**
 * An image whose emulator lacks most of its files.
 * @param noted there is a digest of its files, which is not theirs
 */
export function brokenEmulator(noted = false): string {
  const cache = folder();
  const tree = join(cache, DEVICE_PACKAGES.folder);
  mkdirSync(tree, { recursive: true });
  const packages = [{ file: "qemu-system-x86_1%3a10.0_amd64.deb", sha256: "" }];
  writeFileSync(join(tree, "packages.json"), JSON.stringify({ wanted: describeSet(DEVICE_PACKAGES), packages }));
  // The command runs what was built, whose name for an image is another one than that of the sources.
  const { imageKey } = createRequire(MAIN)("../emulator/image/key.js") as {
    readonly imageKey: (packages: readonly PackageFile[], crosvmPath: undefined) => string;
  };
  const image = join(cache, "images", imageKey(packages, undefined));
  mkdirSync(join(image, "emulator/lib"), { recursive: true });
  if (noted) writeFileSync(join(image, TREE_RECORD), JSON.stringify({ sha256: "0".repeat(64), bootId: "this" }));
  return cache;
}

export async function adbServer(version: number): Promise<string> {
  const fake = await FakeAdbServer.start(version);
  closing.push(() => fake.stop());
  return String(fake.address.port);
}

export async function webServer(): Promise<string> {
  const server = createServer((socket) => socket.resume().end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return String((server.address() as AddressInfo).port);
}

/** KVM's device is there and not for this user, wherever the test runs. */
export function noKvm(): Machine {
  const file = join(folder(), "kvm");
  writeFileSync(file, "", { mode: 0 });
  return { env: { AVF_ACCEL: "kvm" }, ...(existsSync("/dev/kvm") && { mount: `/bin/mount --bind ${file} /dev/kvm` }) };
}

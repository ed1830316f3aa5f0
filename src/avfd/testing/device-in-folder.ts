/** For unit tests: the service in a folder of this host, its real client, and a monitor that runs no guest. */
import { execFile, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { deviceCommands } from "../commands/index.js";
import { createDevice } from "../create-device.js";
import type { Device } from "../device.js";
import { devicePaths } from "../device-paths.js";
import { MODULE_FLAGS } from "../image.js";
import { loadKernel } from "../kernel.js";
import { listen } from "../server.js";
import { ScriptedVmm } from "./scripted-vmm.js";

export interface ProgramResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningProgram {
  readonly ended: Promise<ProgramResult>;
  /** Settles when stdout and stderr so far match. */
  printed(pattern: RegExp): Promise<string>;
  write(bytes: string | Buffer): void;
  /** Without a signal: end of its stdin only. */
  end(signal?: NodeJS.Signals): void;
}

export interface DeviceInFolder extends AsyncDisposable {
  readonly device: Device;
  readonly vmm: ScriptedVmm;
  /** The device's /data/local/tmp. */
  readonly folder: string;
  start(program: string, ...args: readonly string[]): RunningProgram;
  run(program: string, ...args: readonly string[]): Promise<ProgramResult>;
}

const SHELL_UID = 2000;
const clientSources = ["avfdc.c", "tail.c"].map((name) => join(__dirname, "../client", name));
/** Stands in for vsockd, which needs a kernel with vsock: says yes to each port. */
const SILENT_VSOCKD = '#!/bin/sh\nwhile read -r verb port _; do [ "$verb" = listen ] && echo "listening $port"; done\n';

export async function deviceInFolder(): Promise<DeviceInFolder> {
  const root = await mkdtemp(join(tmpdir(), "avfd-"));
  const bin = join(root, "bin");
  const folder = join(root, "data/local/tmp");
  const images = join(root, "apex/com.android.virt/etc/fs");
  for (const one of [bin, folder, images, join(root, "apex/com.android.virt/bin")])
    await mkdir(one, { recursive: true });
  await promisify(execFile)("gcc", ["-std=gnu17", "-o", join(bin, "avfdc"), ...clientSources]);
  const kernel = join(root, "system/avfd/kernel.node");
  await mkdir(dirname(kernel), { recursive: true });
  await promisify(execFile)("gcc", [...MODULE_FLAGS, "-o", kernel, join(__dirname, "../client/kernel.c")]);
  const vsockd = join(root, "apex/com.android.virt/bin/vsockd");
  await writeFile(vsockd, SILENT_VSOCKD);
  await chmod(vsockd, 0o755);
  for (const name of ["microdroid_kernel", "microdroid_initrd.img", "microdroid_system.img"]) {
    await writeFile(join(images, name), "");
  }
  await writeFile(join(images, "microdroid_cmdline"), "quiet\n");
  const paths = devicePaths({ AVFD_ROOT: root, AVFD_SOCKET: join(root, "s"), AVFD_CONTROL: join(root, "control") });
  const vmm = new ScriptedVmm();
  const device = createDevice(paths, [vmm]);
  trustUs(device);
  await device.virtualization.ready;
  const commands = deviceCommands(device);
  const server = await listen(paths.socket, commands, loadKernel(paths.kernelModule).peerOf);
  for (const name of [...commands.keys(), "tail"]) await symlink("avfdc", join(bin, name));
  const start = (program: string, ...args: readonly string[]): RunningProgram =>
    startProgram(join(bin, program), args, folder, paths.socket);
  return {
    device,
    vmm,
    folder,
    start,
    run: (program, ...args) => {
      const running = start(program, ...args);
      running.end();
      return running.ended;
    },
    [Symbol.asyncDispose]: () => dispose(device, server, root),
  };
}

/** Whoever runs the tests may do there what the shell may: another user of this host is nobody on an Android. */
function trustUs({ packages }: Device): void {
  const byUid = packages.byUid.bind(packages);
  packages.byUid = (uid) => byUid(uid === process.getuid?.() ? SHELL_UID : uid);
}

function startProgram(path: string, args: readonly string[], cwd: string, socket: string): RunningProgram {
  const child = spawn(path, args, { cwd, env: { ...process.env, AVFD_SOCKET: socket } });
  let stdout = "";
  let stderr = "";
  const waiting = new Set<() => void>();
  const take = (): void => waiting.forEach((check) => check());
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    take();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
    take();
  });
  child.stdin.on("error", () => undefined);
  const ended = new Promise<ProgramResult>((resolve) => {
    child.once("close", (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
  return {
    ended,
    write: (bytes) => void child.stdin.write(bytes),
    end: (signal) => void (signal === undefined ? child.stdin.end() : child.kill(signal)),
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const match = pattern.exec(stdout + stderr);
          if (!match) return;
          waiting.delete(check);
          resolve(match[0]);
        };
        waiting.add(check);
        void ended.then(() => reject(new Error(`ended without ${String(pattern)}:\n${stdout}${stderr}`)));
        check();
      }),
  };
}

async function dispose(device: Device, server: Server, root: string): Promise<void> {
  await device.virtualization.killAll();
  device.virtualization.close();
  await new Promise((resolve) => server.close(resolve));
  await rm(root, { recursive: true, force: true });
}

/** Names in a folder of the device, sorted. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).sort();
}

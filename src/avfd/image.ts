/** avfd's part of the emulated device's image. Runs on the host; nothing of this goes into the bundle. */
import { chmod, copyFile, mkdir, rename, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { packageRoot } from "../base/paths.js";
import { run } from "../process/run.js";

interface InstallAvfdOptions {
  /** Becomes / of the device. */
  readonly rootFolder: string;
  /** For what the compiler leaves behind. */
  readonly workFolder: string;
  /** How gcc is called. */
  readonly gcc: string;
  readonly signal?: AbortSignal | undefined;
}

/** Names under which the client is found: each is a command of avfd, but `tail`, which the client does itself. */
const CLIENT_NAMES = ["vm", "pm", "cmd", "getprop", "setprop", "logcat", "dumpsys", "service", "tail", "vm-attach"];

const PROGRAMS = [
  { sources: ["avfdc.c", "tail.c"], target: "system/bin/avfdc" },
  { sources: ["vsockd.c"], target: "apex/com.android.virt/bin/vsockd" },
  { sources: ["flock.c"], target: "system/bin/flock" },
  { sources: ["devctl.c"], target: "system/avfd/devctl" },
  // init gives it its owner and its rights: who builds an image need not be root.
  { sources: ["su.c"], target: "system/avfd/su" },
] as const;

/** Of what other programs load, without any library: the device's may be older than the compiler's. */
export const MODULE_FLAGS = ["-shared", "-fPIC", "-nostdlib", "-fno-stack-protector", "-fvisibility=hidden"];
const MODULES = [
  { sources: ["kernel.c"], target: "system/avfd/kernel.node" },
  { sources: ["adbd/adbd-vsock.c", "adbd/adbd-auth.c", "adbd/adbd-root.c"], target: "system/avfd/adbd.so" },
] as const;

const ADB_ROOT = "adbd/adb-root.sh";

const COMPILER_FLAGS = [`-ffile-prefix-map=${packageRoot}=.`, "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-Os", "-s"];
const COMPILE_TIMEOUT_MS = 120_000;

/**
 * Compiles the C parts and puts everything in its place. Needs the static libc; no root.
 * A link that busybox left under a name of ours is replaced.
 */
export async function installAvfd({ rootFolder, workFolder, gcc, signal }: InstallAvfdOptions): Promise<void> {
  await mkdir(workFolder, { recursive: true });
  const compile = async (sources: readonly string[], target: string, flags: readonly string[]): Promise<void> => {
    const draft = join(workFolder, target.replaceAll("/", "-"));
    const files = sources.map((name) => join(clientFolder, name));
    await run([gcc, ...COMPILER_FLAGS, ...flags, "-o", draft, ...files], { timeoutMs: COMPILE_TIMEOUT_MS, signal });
    await place(draft, join(rootFolder, target), 0o755);
  };
  for (const { sources, target } of PROGRAMS) await compile(sources, target, ["-static"]);
  for (const { sources, target } of MODULES) await compile(sources, target, MODULE_FLAGS);
  await place(bundle, join(rootFolder, "system/avfd/avfd.cjs"), 0o644);
  await place(join(clientFolder, ADB_ROOT), join(rootFolder, "system/avfd/adb-root"), 0o755);
  // Where Android's virt APEX has it.
  await place(emptyPayload, join(rootFolder, "apex/com.android.virt/app/EmptyPayloadApp/EmptyPayloadApp.apk"), 0o644);
  for (const name of CLIENT_NAMES) await link("avfdc", join(rootFolder, "system/bin", name));
  await link("../../../system/bin/avfdc", join(rootFolder, "apex/com.android.virt/bin/vm"));
}

/** Absolute paths of the files that shape this part of the image. */
export function avfdInputs(): readonly string[] {
  const names = [
    "wire.h",
    "adbd/adbd-calls.h",
    "adbd/adbd-root.h",
    ADB_ROOT,
    ...[...MODULES, ...PROGRAMS].flatMap(({ sources }) => sources),
  ];
  return [__filename, bundle, emptyPayload, ...names.map((name) => join(clientFolder, name))];
}

const clientFolder = join(packageRoot, "src/avfd/client");
const bundle = join(packageRoot, "dist/avfd.bundle.cjs");
const emptyPayload = join(packageRoot, "fixtures/EmptyPayloadApp.apk");

async function place(source: string, target: string, mode: number): Promise<void> {
  const draft = `${target}.tmp`;
  await mkdir(dirname(target), { recursive: true });
  await copyFile(source, draft);
  await chmod(draft, mode);
  await rename(draft, target);
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  await symlink(target, path);
}

/** Programs of the guest that are compiled when an image is made. */
import { join } from "node:path";
import { filesBelow } from "../base/files/files-below.js";
import { packageRoot } from "../base/paths.js";
import { run } from "../process/run.js";

const sourceFolder = join(packageRoot, "src/guest");
const warnings = ["-Wall", "-Wextra", "-Werror=implicit-function-declaration"];
/** No path of the host in what comes out. */
const places = `-ffile-prefix-map=${packageRoot}=.`;
/** With what a crash report needs to find its way through. */
const unwindable = [places, "-std=gnu17", "-D_GNU_SOURCE", "-Os", "-s", "-fno-optimize-sibling-calls", ...warnings];
const common = [...unwindable, "-fno-asynchronous-unwind-tables"];

/** The device's own: the same program on both. */
const suSource = join(packageRoot, "src/avfd/client/su.c");

/** What other programs and libraries are made of. */
const otherFolders = ["adbd", "crash-dump", "dice", "launcher", "liblog", "logcat-tool", "payload-api", "tools"];
/** What the first process is made of. */
const initFolders = ["init", "apk", "crypto", "instance", "logging", "properties", "services", "verity"];

/**
 * Out of the unpacked packages, as archives. mbed TLS rather than BoringSSL, which Debian has as a shared library only: init
 * runs before there is any.
 */
export const INIT_LIBRARIES = ["-lmbedcrypto", "-lz"];

export interface GuestPrograms {
  /** Static: runs before there is any library. */
  readonly init: string;
  readonly launcher: string;
  readonly payloadLibrary: string;
  readonly getprop: string;
  /** Preloaded into adbd. */
  readonly adbdReady: string;
  /** What the kernel starts when a process crashes. */
  readonly crashDump: string;
  readonly logcat: string;
  readonly dice: string;
  readonly su: string;
  /** `liblog.so`, in front of Debian's. */
  readonly log: string;
}

/**
 * Compiles everything into `folder`.
 * @param gcc how it is called; finds libc6-dev, linux-libc-dev, libmbedtls-dev and zlib1g-dev
 */
export async function compilePrograms(folder: string, gcc: string, signal?: AbortSignal): Promise<GuestPrograms> {
  const programs: GuestPrograms = {
    init: join(folder, "init"),
    launcher: join(folder, "microdroid_launcher"),
    payloadLibrary: join(folder, "libvm_payload.so"),
    getprop: join(folder, "getprop"),
    adbdReady: join(folder, "adbd-ready.so"),
    crashDump: join(folder, "crash_dump64"),
    log: join(folder, "liblog.so"),
    logcat: join(folder, "logcat"),
    dice: join(folder, "dice_chain"),
    su: join(folder, "su"),
  };
  const init = [...initFolders.flatMap(cFiles), ...INIT_LIBRARIES];
  await compile(gcc, [...common, "-static", "-o", programs.init, ...init], signal);
  const library = ["-shared", "-fPIC", "-fvisibility=hidden", "-Wl,-soname,libvm_payload.so"];
  await compile(
    gcc,
    [...unwindable, ...library, "-o", programs.payloadLibrary, ...cFiles("payload-api"), ...cFiles("properties")],
    signal,
  );
  // Linked although it calls nothing of it: payloads may refer to the payload API without naming its library.
  await compileLog(folder, programs.log, gcc, signal);
  const linked = ["-Wl,--no-as-needed", programs.payloadLibrary, programs.log, "-Wl,--as-needed"];
  const api = [...linked, "-Wl,--allow-shlib-undefined", `-Wl,-rpath-link,${folder}`, "-ldl"];
  await compile(gcc, [...unwindable, "-o", programs.launcher, ...cFiles("launcher"), ...api], signal);
  await compile(gcc, [...common, "-o", programs.getprop, ...cFiles("tools"), ...cFiles("properties")], signal);
  const preloaded = ["-shared", "-fPIC", "-fvisibility=hidden"];
  await compile(gcc, [...common, ...preloaded, "-o", programs.adbdReady, ...cFiles("adbd")], signal);
  const dumper = ["crash-dump", "logging", "properties"].flatMap(cFiles);
  await compile(gcc, [...common, "-o", programs.crashDump, ...dumper, "-ldl"], signal);
  const reader = [...cFiles("logcat-tool"), ...cFiles("logging").filter((file) => !file.endsWith("/log-ring.c"))];
  await compile(gcc, [...common, "-o", programs.logcat, ...reader, "-ldl"], signal);
  await compile(gcc, [...common, "-o", programs.su, suSource], signal);
  const cbor = cFiles("instance").filter((file) => file.endsWith("/cbor.c"));
  await compile(gcc, [...common, "-o", programs.dice, ...cFiles("dice"), ...cbor, "-ldl"], signal);
  return programs;
}

/** Without Debian's library: of that only the name counts when ours is linked. */
async function compileLog(folder: string, path: string, gcc: string, signal?: AbortSignal): Promise<void> {
  const shared = ["-shared", "-fPIC", "-fvisibility=hidden"];
  const debians = join(folder, "liblog.so.0");
  await compile(gcc, [...shared, "-Wl,-soname,liblog.so.0", "-o", debians, "-xc", "/dev/null"], signal);
  const sources = [...cFiles("liblog"), ...cFiles("logging").filter((file) => file.endsWith("/log-client.c"))];
  const needed = ["-Wl,--no-as-needed", debians, "-Wl,--unresolved-symbols=ignore-all"];
  await compile(gcc, [...unwindable, ...shared, "-Wl,-soname,liblog.so", "-o", path, ...sources, ...needed], signal);
}

/** All C files that become part of the images. */
export function cSources(): readonly string[] {
  return [...initFolders, ...otherFolders].flatMap((folder) =>
    filesBelow(join(sourceFolder, folder))
      .filter((name) => /\.[ch]$/.test(name))
      .sort()
      .map((name) => join(sourceFolder, folder, name)),
  );
}

function cFiles(folder: string): readonly string[] {
  return cSources().filter((file) => file.startsWith(join(sourceFolder, folder, "/")) && file.endsWith(".c"));
}

async function compile(gcc: string, args: readonly string[], signal?: AbortSignal): Promise<void> {
  await run([gcc, ...args], { timeoutMs: 180_000, signal });
}

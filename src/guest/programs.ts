/** Programs of the guest that are compiled when an image is made. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../base/paths.js";
import { run } from "../process/run.js";

const sourceFolder = join(packageRoot, "src/guest");
const warnings = ["-Wall", "-Wextra", "-Werror=implicit-function-declaration"];
/** No path of the host in what comes out. */
const places = `-ffile-prefix-map=${packageRoot}=.`;
const common = [places, "-std=gnu17", "-D_GNU_SOURCE", "-Os", "-s", "-fno-asynchronous-unwind-tables", ...warnings];

/** What the first process is made of. */
const initFolders = ["init", "apk", "crypto", "instance", "properties", "services", "verity"];

export interface GuestPrograms {
  /** Static: runs before there is any library. */
  readonly init: string;
  readonly launcher: string;
  readonly payloadLibrary: string;
  readonly getprop: string;
  /** Preloaded into adbd. */
  readonly adbdReady: string;
}

/** Compiles everything into `folder`. Needs the headers of libc6-dev and linux-libc-dev. @param gcc how it is called */
export async function compilePrograms(folder: string, gcc: string, signal?: AbortSignal): Promise<GuestPrograms> {
  const programs: GuestPrograms = {
    init: join(folder, "init"),
    launcher: join(folder, "microdroid_launcher"),
    payloadLibrary: join(folder, "libvm_payload.so"),
    getprop: join(folder, "getprop"),
    adbdReady: join(folder, "adbd-ready.so"),
  };
  await compile(gcc, [...common, "-static", "-o", programs.init, ...initFolders.flatMap(cFiles)], signal);
  const library = ["-shared", "-fPIC", "-fvisibility=hidden", "-Wl,-soname,libvm_payload.so"];
  await compile(gcc, [...common, ...library, "-o", programs.payloadLibrary, ...cFiles("payload-api")], signal);
  // Linked although it calls nothing of it: payloads may refer to the payload API without naming its library.
  const api = ["-Wl,--no-as-needed", programs.payloadLibrary, "-Wl,--as-needed", "-ldl"];
  await compile(gcc, [...common, "-o", programs.launcher, ...cFiles("launcher"), ...api], signal);
  await compile(gcc, [...common, "-o", programs.getprop, ...cFiles("tools"), ...cFiles("properties")], signal);
  const preloaded = ["-shared", "-fPIC", "-fvisibility=hidden"];
  await compile(gcc, [...common, ...preloaded, "-o", programs.adbdReady, ...cFiles("adbd")], signal);
  return programs;
}

/** All C files that become part of the images. */
export function cSources(): readonly string[] {
  return [...initFolders, "adbd", "launcher", "payload-api", "tools"].flatMap((folder) =>
    readdirSync(join(sourceFolder, folder), { recursive: true, encoding: "utf8" })
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

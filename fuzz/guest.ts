/** Compiles a target with clang's libFuzzer, ASan and UBSan, and lets it run. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { root } from "./root.js";
import { guestSeeds } from "./seeds.js";
import type { GuestTarget } from "./targets.js";

const COMPILE = ["-std=gnu17", "-D_GNU_SOURCE", "-g", "-O2", "-fno-omit-frame-pointer", "-fno-sanitize-recover=all"];
const SANITIZERS = "address,undefined,fuzzer";
/** One input that takes longer is a fault. */
const INPUT_TIMEOUT_SECONDS = 10;
const MEMORY_MIB = 1024;

export const clang = process.env["CLANG"] ?? "clang";

/** Undefined when it is there and has libFuzzer, else what is missing. */
export function whyNoClang(folder: string): string | undefined {
  const source =
    "#include <stdint.h>\n#include <stddef.h>\nint LLVMFuzzerTestOneInput(const uint8_t *d, size_t s) { return d && s > 1 ? 0 : 0; }\n";
  const args = ["-x", "c", "-", `-fsanitize=${SANITIZERS}`, "-o", join(folder, "probe")];
  const { error, status, stderr } = spawnSync(clang, args, { input: source, encoding: "utf8" });
  if (error) return `${clang} cannot be started (${error.message}); on Debian: apt-get install clang`;
  if (status !== 0) {
    const words = stderr.trim().split("\n").at(-1) ?? "";
    return `${clang} does not link with libFuzzer (${words}); on Debian: apt-get install clang`;
  }
  return undefined;
}

/** Compiler options for the guest's libraries: their headers, and their archives. */
export interface GuestLibraries {
  readonly include: string;
  readonly archives: readonly string[];
}

const HEADERS = ["mbedtls", "psa", "zlib.h", "x86_64-linux-gnu/zconf.h"];

/** Out of the unpacked packages, in a folder without the headers of their libc: the compiler is the host's. */
export function guestLibraries(packages: string, folder: string): GuestLibraries {
  const include = join(folder, "include");
  mkdirSync(include);
  for (const name of HEADERS) symlinkSync(join(packages, "usr/include", name), join(include, basename(name)));
  const archives = ["libmbedcrypto.a", "libz.a"].map((name) => join(packages, "usr/lib/x86_64-linux-gnu", name));
  return { include, archives };
}

/** @returns the program; throws with the compiler's messages */
export function compile(target: GuestTarget, folder: string, libraries: GuestLibraries): string {
  const object = (source: string, flags: readonly string[]): string =>
    compileObject(source, ["-isystem", libraries.include, ...flags], target, folder);
  const program = join(folder, target.name);
  const objects = [
    object(`fuzz/guest/${target.name}.c`, []),
    object("fuzz/guest/support.c", []),
    ...target.sources.map((source) => object(`src/guest/${source}.c`, renaming(target, source))),
    ...(target.tracked ?? []).map((source) =>
      object(`src/guest/${source}.c`, ["-include", join(root, "fuzz/guest/tracked.h")]),
    ),
  ];
  call([`-fsanitize=${SANITIZERS}`, "-o", program, ...objects, ...libraries.archives]);
  return program;
}

/** A function that the target replaces gets another name in its own source. */
function renaming({ replaces = [] }: GuestTarget, source: string): readonly string[] {
  return source === "apk/signing/public-key" ? replaces.map((name) => `-D${name}=real_${name}`) : [];
}

function compileObject(source: string, flags: readonly string[], target: GuestTarget, folder: string): string {
  const path = join(folder, `${target.name}-${source.replaceAll("/", "-")}.o`);
  call([...COMPILE, `-fsanitize=${SANITIZERS}`, ...flags, "-c", join(root, source), "-o", path]);
  return path;
}

function call(args: readonly string[]): void {
  const { error, status, stderr } = spawnSync(clang, args, { encoding: "utf8" });
  if (error) throw error;
  if (status !== 0) throw new Error(`${clang} ${args.join(" ")}\n${stderr}`);
}

export interface GuestRun {
  readonly runs: number;
  /** What is wrong with it. */
  readonly fault: string | undefined;
}

const ACCEPTED = "fuzz: accepted";

/** New inputs go to a folder of its own; what crashes it, to `findings`. */
export async function runGuest(
  target: GuestTarget,
  program: string,
  options: { readonly seconds: number; readonly seed: number; readonly folder: string; readonly findings: string },
): Promise<GuestRun> {
  const fresh = join(options.folder, `${target.name}-corpus`);
  mkdirSync(fresh, { recursive: true });
  const seeds = (await guestSeeds())[target.name] ?? [];
  const paths = seeds.map((seed, index) => {
    const path = join(fresh, `seed-${index}`);
    writeFileSync(path, seed);
    return path;
  });
  const refused = paths.filter((path) => !accepts(program, path)).map((path) => basename(path));
  if (paths.length === 0 || refused.length > 0) {
    const why = paths.length === 0 ? "it has no seeds" : `its parser does not accept ${refused.join(", ")}`;
    return { runs: 0, fault: `${why}: mutations of that reach little of it (fuzz/seeds.ts)` };
  }
  const args = [
    ...[`-max_total_time=${options.seconds}`, `-seed=${options.seed}`, `-max_len=${target.maxBytes}`],
    ...[`-timeout=${INPUT_TIMEOUT_SECONDS}`, `-rss_limit_mb=${MEMORY_MIB}`, "-print_final_stats=1", "-verbosity=1"],
    `-artifact_prefix=${join(options.findings, `${target.name}-`)}`,
    fresh,
  ];
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output = (output + text).slice(-64_000)));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const runs = Number(/stat::number_of_executed_units:\s+(\d+)/.exec(output)?.[1] ?? "0");
  if (exitCode !== 0) return { runs, fault: `exit code ${exitCode}\n${output}` };
  return { runs, fault: runs === 0 ? `it ran no input\n${output}` : undefined };
}

/** Runs one input. A parser that it crashes does not accept it. */
function accepts(program: string, path: string): boolean {
  const env = { ...process.env, FUZZ_TELL: "1" };
  const { status, stderr } = spawnSync(program, [path], { encoding: "utf8", env });
  return status === 0 && stderr.includes(ACCEPTED);
}

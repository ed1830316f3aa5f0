/** Compiles a target with clang's libFuzzer, ASan and UBSan, and lets it run. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
  if (error) return `${clang} cannot be started (${error.message}); on Debian: apt install clang`;
  if (status !== 0) return `${clang} does not link with libFuzzer: ${stderr.trim().split("\n").at(-1) ?? ""}`;
  return undefined;
}

/** @returns the program; throws with the compiler's words */
export function compile(target: GuestTarget, folder: string): string {
  const program = join(folder, target.name);
  const objects = [
    object(`fuzz/guest/${target.name}.c`, [], target, folder),
    object("fuzz/guest/support.c", [], target, folder),
    ...target.sources.map((source) => object(`src/guest/${source}.c`, renaming(target, source), target, folder)),
    ...(target.tracked ?? []).map((source) =>
      object(`src/guest/${source}.c`, ["-include", join(root, "fuzz/guest/tracked.h")], target, folder),
    ),
  ];
  call([`-fsanitize=${SANITIZERS}`, "-o", program, ...objects]);
  return program;
}

/** What the target defines itself gets another name where it is defined. */
function renaming({ replaces = [] }: GuestTarget, source: string): readonly string[] {
  return source === "apk/public-key" ? replaces.map((name) => `-D${name}=real_${name}`) : [];
}

function object(source: string, flags: readonly string[], target: GuestTarget, folder: string): string {
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
  readonly exitCode: number | null;
  readonly runs: number;
  readonly output: string;
}

/** New inputs go to a folder of its own; what crashes it, to `findings`. */
export async function runGuest(
  target: GuestTarget,
  program: string,
  options: { readonly seconds: number; readonly seed: number; readonly folder: string; readonly findings: string },
): Promise<GuestRun> {
  const fresh = join(options.folder, `${target.name}-corpus`);
  mkdirSync(fresh, { recursive: true });
  const seeds = (await guestSeeds())[target.name] ?? [];
  seeds.forEach((seed, index) => writeFileSync(join(fresh, `seed-${index}`), seed));
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
  return { exitCode, runs, output };
}

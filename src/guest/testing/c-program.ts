/** The guest's C code, compiled for the host: what the unit tests drive. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../base/paths.js";
import { run, runUnchecked } from "../../process/run.js";
import { INIT_LIBRARIES } from "../programs.js";
import { packagedGcc } from "./packaged-gcc.js";

/** Any read or write out of bounds ends the program, so that a bad sample cannot pass by luck. */
const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

const SOURCES = join(packageRoot, "src/guest");
const CACHE = join(packageRoot, "node_modules/.cache/guest-programs");

/** What `testing/parsers.c` needs. */
export const PARSER_SOURCES = [
  ...["config", "json", "metadata"].map((name) => `init/config/${name}`),
  ...["apk/zip/zip", "apk/zip/inflate", "apk/bytes", "logging/log-record"],
];

/** What `testing/verified.c` needs. */
export const VERIFIED_SOURCES = [
  ...["signing-block", "signer", "public-key", "content-digest", "content-tree"].map((name) => `apk/signing/${name}`),
  ...["bytes", "idsig", "manifest", "zip/zip", "zip/inflate"].map((name) => `apk/${name}`),
  ...["sha2", "kdf", "aes-gcm", "rsa", "ecdsa"].map((name) => `crypto/${name}`),
  ...["instance-image", "identity", "cbor"].map((name) => `instance/${name}`),
];

export interface CProgram {
  /** Lines that the program prints. Throws when it crashes, or does not understand its arguments. */
  run(args: readonly string[], input?: string | Uint8Array): Promise<readonly string[]>;
  /** Writes a sample and returns its path. */
  file(content: string | Uint8Array, name?: string): Promise<string>;
  close(): Promise<void>;
}

/** Compiles `testing/<name>.c` with some of the guest's sources, e.g. `init/config/json`. */
export async function compileC(name: string, sources: readonly string[]): Promise<CProgram> {
  const program = await compiled(name, sources);
  const folder = await mkdtemp(join(tmpdir(), `jest-avf-${name}-`));
  return {
    run: async (args, input) => {
      // What is never freed is meant so: the guest does each of these things once.
      const env = { ASAN_OPTIONS: "detect_leaks=0" };
      const result = await runUnchecked([program, ...args], { env, ...(input === undefined ? {} : { input }) });
      if (result.exitCode !== 0) throw new Error(`${name} ${args.join(" ")} crashed:\n${result.stderr}`);
      return result.stdout.trimEnd().split("\n");
    },
    file: async (content, fileName = "sample") => {
      const path = join(folder, `${fileName}.bin`);
      await writeFile(path, content);
      return path;
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A program is compiled once for what it is made of: several test files drive the same one. */
async function compiled(name: string, sources: readonly string[]): Promise<string> {
  const flags = ["-std=gnu17", "-D_GNU_SOURCE", "-g", "-O1", "-Wall", "-Wextra", "-Werror", ...sanitizers];
  const files = [`testing/${name}`, ...sources].map((source) => join(SOURCES, `${source}.c`));
  const { gcc, runsHere } = packagedGcc();
  const { stdout: version } = await run([gcc, "--version"], { timeoutMs: 10_000 });
  const argv = [...flags, ...files, ...INIT_LIBRARIES, ...runsHere];
  const key = createHash("sha256").update([version, ...argv, await digestOfSources()].join("\0"));
  const program = join(CACHE, `${name}-${key.digest("hex").slice(0, 32)}`);
  if (existsSync(program)) return program;
  await mkdir(CACHE, { recursive: true });
  const draft = `${program}.${process.pid}`;
  try {
    await run([gcc, "-o", draft, ...argv], { timeoutMs: 120_000 });
    await rename(draft, program);
  } finally {
    await rm(draft, { force: true });
  }
  return program;
}

/** Headers too, whoever includes them. */
async function digestOfSources(): Promise<string> {
  const names = (await readdir(SOURCES, { recursive: true })).filter((name) => /\.[ch]$/.test(name)).sort();
  const digest = createHash("sha256");
  for (const name of names) digest.update(`${name}\0`).update(await readFile(join(SOURCES, name)));
  return digest.digest("hex");
}

/** The guest's readers, compiled for the host: what the unit tests drive. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../base/paths.js";
import { run, runUnchecked } from "../../process/run.js";

const readers = ["init/config", "init/json", "init/metadata", "apk/zip", "apk/bytes", "apk/inflate"].map(
  (name) => `src/guest/${name}.c`,
);
/** Any read or write out of bounds ends the program, so that a bad sample cannot pass by luck. */
const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

export interface Parsers {
  config(text: string | Uint8Array, release?: 13 | 15): Promise<readonly string[]>;
  metadata(text: string): Promise<readonly string[]>;
  zip(archive: Uint8Array): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Each reader answers with the lines that the test program prints; throws when that one crashes. */
export async function compileParsers(): Promise<Parsers> {
  const folder = await mkdtemp(join(tmpdir(), "jest-avf-parsers-"));
  const program = join(folder, "parsers");
  const flags = ["-std=gnu17", "-D_GNU_SOURCE", "-g", "-O1", "-Wall", "-Wextra", ...sanitizers];
  await run(["gcc", ...flags, "-o", program, "src/guest/testing/parsers.c", ...readers], { cwd: packageRoot });
  const read = async (args: readonly string[], input?: string | Uint8Array): Promise<readonly string[]> => {
    // What is never freed is meant so: the guest reads each of these once.
    const env = { ASAN_OPTIONS: "detect_leaks=0" };
    const result = await runUnchecked([program, ...args], { env, ...(input === undefined ? {} : { input }) });
    if (result.exitCode !== 0) throw new Error(`the reader crashed:\n${result.stderr}`);
    return result.stdout.trimEnd().split("\n");
  };
  return {
    config: (text, release = 15) => read(["config", String(release)], text),
    metadata: (text) => read(["metadata"], text),
    zip: async (archive) => {
      const file = join(folder, "archive.zip");
      await writeFile(file, archive);
      return read(["zip", file]);
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

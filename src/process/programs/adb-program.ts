/** The adb program: the host's, or the one that comes with the emulated device, for hosts without. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { cacheFolder } from "../../base/paths.js";
import { findProgram } from "./find-program.js";
import { withInterpreter } from "./interpreter.js";

const LOADER = "ld-linux-x86-64.so.2";

/**
 * How it is called: by its plain name where PATH has it, and if there is none, so that starting it reports that.
 * @param alsoIn folders beside those of PATH, for tests
 */
export function adbProgram(cache?: string, alsoIn?: readonly string[]): string {
  if (findProgram("adb", []) !== undefined) return "adb";
  return findProgram("adb", alsoIn) ?? deviceAdb(cache ?? trustedCache()) ?? "adb";
}

/** Undefined: nothing is run out of a cache that others can write to. What needs the cache reports why. */
function trustedCache(): string | undefined {
  try {
    return cacheFolder();
  } catch {
    return undefined;
  }
}

/** Of the image that was used last. */
function deviceAdb(cache: string | undefined): string | undefined {
  if (cache === undefined) return undefined;
  const images = join(cache, "images");
  const usable = folders(images)
    .map((name) => join(images, name))
    .filter((folder) => existsSync(join(folder, "emulator/bin/adb")))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  return usable[0] === undefined ? undefined : launcher(usable[0], join(cache, "adb", basename(usable[0])));
}

/**
 * A script beside a copy of the program that names its own loader: adb starts its server by the path of what runs, which
 * would be the loader if that had been called with the program as its argument.
 */
function launcher(imageFolder: string, folder: string): string {
  const emulator = join(imageFolder, "emulator");
  const script = join(folder, "adb");
  // A list of folders is split at ":" and ";", so it gets the folder by a descriptor, which its server inherits.
  const text = [
    "#!/bin/sh",
    `exec 9<${quote(emulator)}`,
    `LD_LIBRARY_PATH=/proc/self/fd/9/lib exec ${quote(join(folder, "program/adb"))} "$@"`,
    "",
  ].join("\n");
  if (readOr(script) === text) return script;
  mkdirSync(join(folder, "program"), { recursive: true });
  const program = withInterpreter(readFileSync(join(emulator, "bin/adb")), join(emulator, "lib", LOADER));
  for (const [path, content] of [
    [join(folder, "program/adb"), program],
    [script, text],
  ] as const) {
    const draft = `${path}.${process.pid}.tmp`;
    writeFileSync(draft, content, { mode: 0o755 });
    renameSync(draft, path);
  }
  return script;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function folders(path: string): readonly string[] {
  try {
    return readdirSync(path).filter((name) => /^[0-9a-f]+$/.test(name));
  } catch {
    return [];
  }
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/**
 * Whether a test file uses `useAvf()`, which hands out the device at once and so needs it before the file runs. Read
 * from the text of the file and of what it imports by a relative path.
 */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** Anything but being named in a list, as an import names it. */
const USE = /\buseAvf\b(?!\s*[,}])/;
const IMPORTS = /(?:\bfrom|\brequire\(|\bimport\(|\bimport)\s*["'](\.{1,2}\/[^"'\n]*)["']/g;
const ENDINGS = ["", ".ts", ".js", ".tsx", ".jsx", ".mts", ".cts", ".mjs", ".cjs", "/index.ts", "/index.js"];
/** A suite with more helpers than this gets its device at once. */
const MAX_FILES = 300;

export function usesPlainStyle(file: string): boolean {
  const seen = new Set<string>();
  const queue = [file];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    if (seen.size > MAX_FILES) return true;
    const text = readText(path);
    if (text !== undefined && USE.test(text)) return true;
    for (const [, relative = ""] of (text ?? "").matchAll(IMPORTS)) {
      const found = resolveImport(dirname(path), relative);
      if (found !== undefined) queue.push(found);
    }
  }
  return false;
}

function resolveImport(folder: string, relative: string): string | undefined {
  const path = resolve(folder, relative);
  // TypeScript's way of naming a source by its output.
  const candidates = [...ENDINGS.map((ending) => path + ending), path.replace(/\.([cm]?)js$/, ".$1ts")];
  return candidates.find((candidate) => readText(candidate) !== undefined);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

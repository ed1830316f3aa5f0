/** What a suite consists of, as a hash: a checkpoint that is kept must not outlive a change to what made it. */
import { createHash, type Hash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { filesBelow } from "../../base/files/files-below.js";
import { packageRoot } from "../../base/paths.js";
import { findFiles } from "../../provisioning/index.js";

interface SuiteFiles {
  readonly rootDir: string;
  /** The test file. */
  readonly file: string;
  readonly apks: readonly string[];
  readonly androidTest: string | undefined;
}

/** `import`, `export … from` and `require` of a file beside it. */
const IMPORTS = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)["'](\.{1,2}\/[^"'\n]+)["']/g;
const ENDINGS = ["", ".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".json", "/index.ts", "/index.js"];

/** The test file with all it imports from beside it, the bytes of its APKs with their idsigs, and this library itself. */
export async function suiteKey({ rootDir, file, apks, androidTest }: SuiteFiles): Promise<string> {
  const hash = createHash("sha256");
  for (const path of importedFiles(file)) addFile(hash, rootDir, path);
  for (const pattern of apks) {
    for (const path of await findFiles(rootDir, pattern))
      for (const one of withIdsig(path)) addFile(hash, rootDir, one);
  }
  if (androidTest !== undefined) for (const path of neighbours(androidTest)) addFile(hash, rootDir, path);
  for (const path of libraryFiles(join(packageRoot, "dist"))) addFile(hash, packageRoot, path);
  return hash.digest("hex");
}

/** The file first, each once. What it takes from packages is not followed. */
export function importedFiles(file: string): readonly string[] {
  const seen = new Set<string>();
  const follow = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    if (path.endsWith(".json")) return;
    for (const [, specifier = ""] of readFileSync(path, "utf8").matchAll(IMPORTS)) {
      const found = resolveImport(path, specifier);
      if (found !== undefined) follow(found);
    }
  };
  follow(file);
  return [...seen];
}

function resolveImport(from: string, specifier: string): string | undefined {
  const target = resolve(dirname(from), specifier);
  // TypeScript names the file that the compiler will make.
  const source = target.replace(/\.([cm]?)js$/, ".$1ts");
  return [...ENDINGS.map((ending) => target + ending), source].find(isFile);
}

function withIdsig(apk: string): readonly string[] {
  return [apk, `${apk}.idsig`].filter(isFile);
}

/** The files that an AndroidTest.xml may push or install lie beside it. */
function neighbours(androidTest: string): readonly string[] {
  const folder = dirname(androidTest);
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .filter(isFile);
}

function libraryFiles(folder: string): readonly string[] {
  return filesBelow(folder)
    .filter((name) => name.endsWith(".js"))
    .sort()
    .map((name) => join(folder, name));
}

function addFile(hash: Hash, root: string, path: string): void {
  hash.update(`\0${relative(root, path)}\0`).update(readFileSync(path));
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

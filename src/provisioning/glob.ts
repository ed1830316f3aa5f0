/**
 * File names by pattern: `*` and `?` within a name, `**` over folders, `{a,b}` for alternatives. `**` at the end is all files
 * below. A file or folder whose own name has such characters is found by that name.
 */
import { readdir, stat } from "node:fs/promises";
import { isAbsolute, join, parse, resolve } from "node:path";
import { UsageError } from "../base/errors.js";
import { withSlashes } from "../base/text/slashes.js";

/** Folders that hold nothing a suite would install, and too many files to walk through. */
const NEVER_ENTERED = new Set(["node_modules", ".git"]);
const MAX_FOLDERS = 20_000;
const SPECIAL = /[*?{]/;

/**
 * Files that match, sorted, each absolute. A pattern without special characters names one file, which must exist.
 * @param root where relative patterns start
 */
export async function findFiles(root: string, pattern: string): Promise<readonly string[]> {
  const path = resolve(root, pattern);
  const found = await stat(path).catch(() => undefined);
  // A file named `?.apk` is one of those that the pattern means.
  if (found?.isFile() && !/[*?][^/]*$/.test(withSlashes(pattern))) return [path];
  if (!SPECIAL.test(pattern)) throw noMatch(root, pattern, found ? "it is not a file" : "there is no such file");
  const { start, rest } = await literalStart(root, pattern);
  const walk: Walk = { found: new Set(), foldersLeft: MAX_FOLDERS };
  for (const alternative of expandBraces(rest)) {
    const segments = alternative.split("/").filter((segment) => segment !== "" && segment !== ".");
    await collect(start, segments.at(-1) === "**" ? [...segments, "*"] : segments, walk);
  }
  if (walk.found.size === 0) throw noMatch(root, pattern, "no file matches");
  return [...walk.found].sort();
}

/** Leading folders that are there under just that name are no pattern; `*` and `**` always are. */
async function literalStart(root: string, pattern: string): Promise<{ readonly start: string; readonly rest: string }> {
  const { root: top } = parse(pattern);
  // On Windows `\` separates as well, and what is absolute begins with a drive.
  const segments = withSlashes(pattern.slice(top.length)).split("/");
  let start = top === "" ? root : resolve(root, top);
  let taken = 0;
  for (const segment of segments.slice(0, -1)) {
    const folder = join(start, segment);
    if (/^\*+$/.test(segment) || !(await stat(folder).catch(() => undefined))?.isDirectory()) break;
    start = folder;
    taken += 1;
  }
  return { start, rest: segments.slice(taken).join("/") };
}

interface Walk {
  readonly found: Set<string>;
  foldersLeft: number;
}

async function collect(folder: string, segments: readonly string[], walk: Walk): Promise<void> {
  const [segment = "", ...rest] = segments;
  if (segment === "..") return collect(join(folder, ".."), rest, walk);
  if (--walk.foldersLeft < 0)
    throw new UsageError("GLOB_TOO_WIDE", `The pattern leads through more than ${MAX_FOLDERS} folders.`);
  if (segment === "**") await collect(folder, rest, walk);
  const matches = segment === "**" ? () => true : segmentMatcher(segment);
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (!matches(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory() || (entry.isSymbolicLink() && segment !== "**" && rest.length > 0)) {
      if (NEVER_ENTERED.has(entry.name) || (segment === "**" && entry.name.startsWith("."))) continue;
      if (segment === "**") await collect(path, segments, walk);
      else if (rest.length > 0) await collect(path, rest, walk);
    } else if (segment !== "**" && rest.length === 0 && (await stat(path).catch(() => undefined))?.isFile()) {
      walk.found.add(path);
    }
  }
}

function segmentMatcher(segment: string): (name: string) => boolean {
  const source = segment
    .replace(/[.+^$()|[\]\\{}]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  const pattern = new RegExp(`^${source}$`, "su");
  return (name) => pattern.test(name) && (segment.startsWith(".") || !name.startsWith("."));
}

/** `a{b,c}d` → `abd`, `acd`; braces do not nest. */
function expandBraces(pattern: string): readonly string[] {
  const match = /^(.*?)\{([^{}]*)\}(.*)$/s.exec(pattern);
  if (!match) return [pattern];
  const [, before = "", inside = "", after = ""] = match;
  return inside.split(",").flatMap((choice) => expandBraces(`${before}${choice}${after}`));
}

function noMatch(root: string, pattern: string, why: string): UsageError {
  return new UsageError("NO_SUCH_FILE", `Nothing found for ${JSON.stringify(pattern)}: ${why}.`, {
    hint: isAbsolute(pattern) ? undefined : `the path is taken from ${root}`,
  });
}

// No file of src/ over 250 lines (tests: 350), no folder with more than 15 files beside each other. What was larger when
// this rule was added is listed in sizes.json with its number, which may only fall: `node lint/sizes.mjs --write` lowers it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const MOST_LINES = 250;
const MOST_LINES_OF_TESTS = 350;
const MOST_FILES = 15;
const LIST = join(import.meta.dirname, "sizes.json");

/** What is over its limit, as numbers by path. */
export function measure(root) {
  const files = {};
  const folders = {};
  for (const entry of readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const folder = relative(root, dirname(path));
    folders[folder] = (folders[folder] ?? 0) + 1;
    if (!/\.[cm]?tsx?$/.test(entry.name)) continue;
    const lines = readFileSync(path, "utf8").split("\n").length - 1;
    if (lines > (entry.name.includes(".test.") ? MOST_LINES_OF_TESTS : MOST_LINES)) files[relative(root, path)] = lines;
  }
  return { files, folders: keep(folders, (_path, count) => count > MOST_FILES) };
}

/** Sentences for what is over its limit and not listed, or over the number that is listed. */
export function compare(now, listed) {
  const tooMany = (kind, unit, limit) =>
    Object.entries(now[kind])
      .filter(([path, count]) => count > (listed[kind][path] ?? 0))
      .map(([path, count]) => `${path} has ${count} ${unit}; at most ${listed[kind][path] ?? limit(path)} are allowed`)
      .sort();
  return [
    ...tooMany("files", "lines", (path) => (path.includes(".test.") ? MOST_LINES_OF_TESTS : MOST_LINES)),
    ...tooMany("folders", "files", () => MOST_FILES),
  ];
}

/** The list without what is within its limit now, and with lower numbers where there are such. */
export function lowered(now, listed) {
  const lower = (kind) => {
    const entries = Object.entries(now[kind]).filter(([path]) => path in listed[kind]);
    return Object.fromEntries(entries.map(([path, count]) => [path, Math.min(count, listed[kind][path])]).sort());
  };
  return { files: lower("files"), folders: lower("folders") };
}

function keep(record, wanted) {
  return Object.fromEntries(Object.entries(record).filter(([key, value]) => wanted(key, value)));
}

if (process.argv[1] === import.meta.filename) {
  const now = measure(resolve(import.meta.dirname, ".."));
  const listed = JSON.parse(readFileSync(LIST, "utf8"));
  const faults = compare(now, listed);
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (faults.length > 0) process.stderr.write("Split them by duty; lint/sizes.mjs says more.\n");
  if (process.argv.includes("--write")) {
    writeFileSync(LIST, `${JSON.stringify(lowered(now, listed), undefined, 2)}\n`);
  }
  process.exitCode = faults.length > 0 ? 1 : 0;
}

// No file of src/ exports what only itself uses: an `export` says that others depend on it. Nor does it have code that only
// tests name, for then nothing runs it but its test; what tests alone need is in folders called testing/. Found by name: a
// name that occurs in any other source counts as used, so some are missed, but none is reported in error. What the package
// exports, as docs/api-report/ lists it, counts as used.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

const SOURCES = ["src", "suites", "bench", "fuzz", "oracle", "tools", "lint", "examples"];
const EXPORT =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type|enum) (\w+)/gm;
const WORD = /[A-Za-z_$][\w$]*/g;

/** Code of src/ that is there for tests, and cannot be in testing/: why. */
const FOR_TESTS = {
  "src/cli/settings.ts: INTERNAL_VARIABLES": "what its test finds in the sources is there or in SETTINGS beside it",
  "src/virtualmachine/parity/members.ts: mostParameters": "a check of the table, which is only checked by its test",
};

/** What each file of src/ exports and nobody else names: `path: name`. */
export function unusedExports(root) {
  const texts = textsBelow(root);
  const namedIn = countFiles([...texts.values()]);
  const shown = exportedBy(join(root, "docs/api-report"));
  return exportsOf(texts)
    .filter(({ name }) => namedIn.get(name) === 1 && !shown.has(name))
    .map(({ path, name }) => `${path}: ${name}`);
}

/** What files of src/ export, and no code outside of tests names, their own included: `path: name`. */
export function testedOnly(root) {
  const texts = textsBelow(root);
  const shown = exportedBy(join(root, "docs/api-report"));
  const code = new Map([...texts].filter(([path]) => !isOfTests(path)).map(([path, text]) => [path, bare(text)]));
  const [everywhere, outside] = [[...texts.values()], [...code.values()]].map(countFiles);
  return exportsOf(code)
    .filter(({ name }) => everywhere.get(name) > 1 && outside.get(name) === 1 && !shown.has(name))
    .filter(
      ({ path, name }) =>
        code
          .get(path)
          .match(WORD)
          .filter((word) => word === name).length === 1,
    )
    .map(({ path, name }) => `${path}: ${name}`);
}

/** By path below the root. */
function textsBelow(root) {
  const files = SOURCES.flatMap((folder) => sourcesIn(join(root, folder)));
  return new Map(files.map((path) => [relative(root, path), readFileSync(path, "utf8")]));
}

function exportsOf(texts) {
  return [...texts]
    .filter(([path]) => path.startsWith("src/") && path.endsWith(".ts"))
    .flatMap(([path, text]) => [...text.matchAll(EXPORT)].map(([, name]) => ({ path, name })));
}

/** Lint's own sources name code without using it. */
function isOfTests(path) {
  return /\.test\.[cm]?[jt]s$/.test(path) || path.split("/").includes("testing") || /^(suites|lint)\//.test(path);
}

/** Without comments that stand on lines of their own. */
function bare(text) {
  return text.replace(/^\s*\/\*[^]*?\*\//gm, "").replace(/^\s*\/\/.*$/gm, "");
}

function sourcesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes("/node_modules/"));
}

/** In how many of these each word stands. */
function countFiles(texts) {
  const counts = new Map();
  for (const text of texts) {
    for (const word of new Set(text.match(WORD))) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

function exportedBy(folder) {
  const reports = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  return new Set(reports.flatMap((text) => [...text.matchAll(EXPORT)].map(([, name]) => name)));
}

if (process.argv[1] === import.meta.filename) {
  const root = resolve(import.meta.dirname, "..");
  const tested = testedOnly(root);
  const problems = [
    ...unusedExports(root).map((line) => `${line} is exported, and used in its own file only`),
    ...tested.filter((line) => !(line in FOR_TESTS)).map((line) => `${line} is used by tests only`),
    ...Object.keys(FOR_TESTS)
      .filter((line) => !tested.includes(line))
      .map((line) => `${line} is not used by tests only any more: remove it from lint/exports.mjs`),
  ];
  for (const line of problems) process.stderr.write(`${line}\n`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

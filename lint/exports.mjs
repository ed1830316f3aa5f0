// No file of src/ exports what only itself uses: an `export` says that others depend on it. Found by name: a name that
// occurs in any other source counts as used, so some are missed, but none is reported in error. What the package exports,
// as docs/api-report/ lists it, counts as used.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

const SOURCES = ["src", "suites", "bench", "fuzz", "oracle", "tools", "lint", "examples"];
const EXPORT =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type|enum) (\w+)/gm;
const WORD = /[A-Za-z_$][\w$]*/g;

/** What each file of src/ exports and nobody else names: `path: name`. */
export function unusedExports(root) {
  const files = SOURCES.flatMap((folder) => sourcesIn(join(root, folder)));
  const texts = new Map(files.map((path) => [path, readFileSync(path, "utf8")]));
  const namedIn = countFiles([...texts.values()]);
  const shown = exportedBy(join(root, "docs/api-report"));
  return [...texts]
    .filter(([path]) => path.startsWith(join(root, "src")) && path.endsWith(".ts"))
    .flatMap(([path, text]) =>
      [...text.matchAll(EXPORT)]
        .map(([, name]) => name)
        .filter((name) => namedIn.get(name) === 1 && !shown.has(name))
        .map((name) => `${relative(root, path)}: ${name}`),
    );
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
  const unused = unusedExports(resolve(import.meta.dirname, ".."));
  for (const line of unused) process.stderr.write(`${line} is exported, and used in its own file only\n`);
  process.exitCode = unused.length > 0 ? 1 : 0;
}

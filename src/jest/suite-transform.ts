/**
 * Turns suites into what Jest can run: types away, and `import` into `require` unless Jest itself runs ES modules
 * (`--experimental-vm-modules`). For projects that bring neither ts-jest nor a Babel configuration; types are checked by
 * the compiler, not here.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { transformSync, version, type Loader, type TransformOptions } from "esbuild";

/** Of what Jest hands to a transformer. */
interface JestTransformOptions {
  readonly configString: string;
  readonly instrument: boolean;
  readonly supportsStaticESM: boolean;
}

interface Transformed {
  readonly code: string;
}

/** Of babel-jest, which comes with Jest. */
interface BabelJest {
  readonly process: (source: string, path: string, options: unknown) => Transformed;
}

const LOADERS: Readonly<Record<string, Loader>> = {
  ...{ ".ts": "ts", ".mts": "ts", ".cts": "ts", ".tsx": "tsx" },
  ...{ ".js": "js", ".mjs": "js", ".cjs": "js", ".jsx": "jsx" },
};
/** Calls that have to come before the modules they are about are loaded. */
const TO_HOIST = /\bjest\s*\.\s*(mock|unmock|deepUnmock|enableAutomock|disableAutomock)\(/;
const FILE_URL = "__avfFileUrl";
/** Jest keeps what comes out for later runs, which may be those of another version of this module. */
const OURSELVES = createHash("sha256").update(readFileSync(__filename)).digest("hex");

function transform(source: string, path: string, options: JestTransformOptions): Transformed {
  const { code } = transformSync(source, {
    loader: LOADERS[extname(path)] ?? "js",
    sourcefile: path,
    sourcemap: "inline",
    target: "node20",
    logLevel: "silent",
    ...(options.supportsStaticESM ? { format: "esm" } : asCommonJs(source)),
  });
  if (options.supportsStaticESM || !TO_HOIST.test(code)) return { code };
  // `jest` as an import is a field of a module that is loaded no earlier than those to be mocked.
  const withGlobal = code.replace(/\bimport_\w+\.(jest\s*\.\s*\w*(?:[mM]ock|Automock)\()/g, "$1");
  return hoistingBabel().process(withGlobal, path, options);
}

function getCacheKey(source: string, path: string, options: JestTransformOptions): string {
  const { configString, instrument, supportsStaticESM } = options;
  return createHash("sha256")
    .update(JSON.stringify([version, OURSELVES, source, path, configString, instrument, supportsStaticESM]))
    .digest("hex")
    .slice(0, 32);
}

/** What ES modules know of themselves is supplied; without Jest's own ES modules `import()` can only be `require()`. */
function asCommonJs(source: string): TransformOptions {
  const common: TransformOptions = { format: "cjs", platform: "node", supported: { "dynamic-import": false } };
  if (!source.includes("import.meta")) return common;
  const define = { dirname: "__dirname", filename: "__filename", url: FILE_URL };
  return {
    ...common,
    banner: `const ${FILE_URL} = require("node:url").pathToFileURL(__filename).href;`,
    define: Object.fromEntries(Object.entries(define).map(([name, value]) => [`import.meta.${name}`, value])),
  };
}

let babel: BabelJest | undefined;

function hoistingBabel(): BabelJest {
  if (babel !== undefined) return babel;
  const jestCli = require.resolve("jest", { paths: [process.cwd(), __dirname] });
  const config = require.resolve("jest-config", { paths: [require.resolve("@jest/core", { paths: [jestCli] })] });
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- found by path: it is Jest's, not ours
  const { createTransformer } = require(require.resolve("babel-jest", { paths: [config] })) as {
    readonly createTransformer: (options: object) => BabelJest;
  };
  return (babel = createTransformer({ configFile: false, babelrc: false }));
}

// What Jest requires of a transformer; it takes no named exports of a module like this one.
export = { process: transform, getCacheKey };

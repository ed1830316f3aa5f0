/** `npm run check` of this repository: types, lint with the import rules, format; as many at once as there are processors. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../src/base/paths.js";
import { unexplained } from "../src/virtualmachine/parity/members.js";
import { SECTIONS } from "../src/virtualmachine/parity/page.js";
import { runUnchecked } from "../src/process/run.js";

/** Files with the content that was checked before, by this version with these settings, are not read again. */
const UNCHANGED = ["--cache", "--cache-strategy", "content", "--cache-location", "node_modules/.cache/prettier.json"];

const TESTS = "{src,suites}/**/*.test.ts";

/** The longest first, each in a process of its own: the rules that ask for types take a minute for all files. */
const CHECKS: readonly Check[] = [
  { name: "lint and import rules", argv: ["eslint", ".", "--ignore-pattern", TESTS, "--max-warnings", "0"] },
  { name: "lint of tests", argv: ["eslint", TESTS, "--max-warnings", "0"] },
  { name: "types", argv: ["tsc", "-p", "."] },
  // It runs in a browser: other globals.
  { name: "types of the report's script", argv: ["tsc", "-p", "src/reporter/html/client"] },
  { name: "import cycles", argv: ["depcruise", "--config", ".dependency-cruiser.cjs", "--output-type", "err", "src"] },
  { name: "public types as in docs/api-report", argv: ["node", "tools/api-report.cjs", "--check"] },
  { name: "sizes of files and folders", argv: ["node", "lint/sizes.mjs"] },
  { name: "exports that others use", argv: ["node", "lint/exports.mjs"] },
  { name: "tests of the lint rules", argv: ["node", "--test", "lint/"] },
  { name: "format", argv: ["prettier", "--check", "--log-level", "warn", ...UNCHANGED, "."] },
];

interface Check {
  readonly name: string;
  /** A program of this package's dependencies, or `node`, with its arguments. */
  readonly argv: readonly [program: string, ...args: string[]];
}

/** Types and lint make many short-lived objects: more memory for those saves a fifth of the time. */
const NODE_OPTIONS = `${process.env["NODE_OPTIONS"] ?? ""} --max-semi-space-size=128`;

export async function run(): Promise<number> {
  const coming = CHECKS.values();
  const lanes = Array.from({ length: Math.min(CHECKS.length, availableParallelism()) }, async () => {
    const outcomes: boolean[] = [];
    // All lanes take from the same list.
    for (const check of coming) outcomes.push(await passes(check));
    return outcomes;
  });
  const outcomes = (await Promise.all(lanes)).flat();
  const missing = unexplained(SECTIONS);
  process.stdout.write(
    `${missing.length === 0 ? "✓" : "✗"} parity with Android's classes\n${missing.map((line) => `${line}\n`).join("")}`,
  );
  return missing.length === 0 && outcomes.every((passed) => passed) ? 0 : 1;
}

/** Reports when it has ended. */
async function passes({ name, argv: [program, ...args] }: Check): Promise<boolean> {
  const path = program === "node" ? process.execPath : join(packageRoot, "node_modules/.bin", program);
  const options = { cwd: packageRoot, env: { NODE_OPTIONS }, timeoutMs: 600_000 };
  const { exitCode, stdout, stderr } = await runUnchecked([path, ...args], options);
  const passed = exitCode === 0;
  process.stdout.write(`${passed ? "✓" : "✗"} ${name}\n${passed ? "" : `${stdout}${stderr}\n`}`);
  return passed;
}

/** `npm run check` of this repository: types, lint with the import rules, format; side by side. */
import { join } from "node:path";
import { packageRoot } from "../src/base/paths.js";
import { unexplained } from "../src/virtualmachine/parity/members.js";
import { SECTIONS } from "../src/virtualmachine/parity/page.js";
import { runUnchecked } from "../src/process/run.js";

/** Files with the content that was checked before, by this version with these settings, are not read again. */
const UNCHANGED = ["--cache", "--cache-strategy", "content", "--cache-location", "node_modules/.cache/prettier.json"];

const CHECKS = [
  { name: "types", argv: ["tsc", "-p", "."] },
  // It runs in a browser: other globals.
  { name: "types of the report's script", argv: ["tsc", "-p", "src/reporter/html/client"] },
  { name: "lint and import rules", argv: ["eslint", ".", "--max-warnings", "0"] },
  { name: "import cycles", argv: ["depcruise", "--config", ".dependency-cruiser.cjs", "--output-type", "err", "src"] },
  { name: "public types as in docs/api-report", argv: ["node", "tools/api-report.cjs", "--check"] },
  { name: "sizes of files and folders", argv: ["node", "lint/sizes.mjs"] },
  { name: "exports that others use", argv: ["node", "lint/exports.mjs"] },
  { name: "tests of the lint rules", argv: ["node", "--test", "lint/"] },
  { name: "format", argv: ["prettier", "--check", "--log-level", "warn", ...UNCHANGED, "."] },
] as const;

/** Types and lint make many short-lived objects: with more room for those a fifth of the time goes. */
const NODE_OPTIONS = `${process.env["NODE_OPTIONS"] ?? ""} --max-semi-space-size=128`;

export async function run(): Promise<number> {
  const results = await Promise.all(
    CHECKS.map(async ({ name, argv: [program, ...args] }) => {
      const path = program === "node" ? process.execPath : join(packageRoot, "node_modules/.bin", program);
      return {
        name,
        result: await runUnchecked([path, ...args], { cwd: packageRoot, env: { NODE_OPTIONS }, timeoutMs: 600_000 }),
      };
    }),
  );
  for (const { name, result } of results) {
    const passed = result.exitCode === 0;
    process.stdout.write(`${passed ? "✓" : "✗"} ${name}\n`);
    if (!passed) process.stdout.write(`${result.stdout}${result.stderr}\n`);
  }
  const missing = unexplained(SECTIONS);
  process.stdout.write(
    `${missing.length === 0 ? "✓" : "✗"} parity with Android's classes\n${missing.map((line) => `${line}\n`).join("")}`,
  );
  return missing.length === 0 && results.every(({ result }) => result.exitCode === 0) ? 0 : 1;
}

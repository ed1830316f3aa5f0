import { join } from "node:path";
import { describe, it } from "node:test";
import { RuleTester } from "eslint";
import tseslint from "typescript-eslint";
import house from "./rules.mjs";

RuleTester.describe = describe;
RuleTester.it = it;
const tester = new RuleTester({ languageOptions: { parser: tseslint.parser } });
const file = (path) => join(import.meta.dirname, "..", path);

const filename = file("suites/guest/some.test.ts");
tester.run("suite-imports", house.rules["suite-imports"], {
  valid: [
    'import { test } from "jest-avf"; import { join } from "node:path"; import fc from "fast-check";',
    'import { expect } from "@jest/globals"; import { buildApk } from "jest-avf/apk"; export * from "../model/race.js";',
  ].map((code) => ({ code, filename })),
  invalid: [
    'import { run } from "../../src/process/run.js";',
    'import type { Run } from "../../dist/process/run.js";',
    'export { run } from "../../bench/run.js";',
    'const { run } = require("../../dist/process/run.js");',
    'const run = import("../../dist/process/run.js");',
    'type Run = import("../../dist/process/run.js").Run;',
    'import execa from "execa";',
    'import { readFileSync } from "fs";',
    'import { out } from "../../suites-of-others/x.js";',
  ].map((code) => ({ code, filename, errors: 1 })),
});

tester.run("cited-pages", house.rules["cited-pages"], {
  valid: [
    { code: "/** See docs/crosvm.md and crosvm.md. */", filename: file("src/avfd/x.ts") },
    { code: "/** See rules.md. */".replace("rules.md", "../README.md"), filename: file("src/x.ts") },
  ],
  invalid: [{ code: "// As avf.md 4.3 has it.", filename: file("src/avfd/x.ts"), errors: 1 }],
});

tester.run("linux-only", house.rules["linux-only"], {
  valid: ["const script = 'cat /proc/meminfo';", 'const found = lines.includes("/dev/kvm exists.");', 'f("flocks");'],
  invalid: [
    'readFileSync("/proc/self/stat");',
    "readFileSync(`/proc/${pid}/stat`);",
    'const TERMINAL = "/dev/tty";',
    'spawn("setpriv", args);',
    'spawnOwned(["flock", "-xn"]);',
  ].map((code) => ({ code, errors: 1 })),
});

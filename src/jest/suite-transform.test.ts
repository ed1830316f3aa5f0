import { expect, test } from "@jest/globals";
import { appendFileSync, copyFileSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../base/paths.js";
import transformer from "./suite-transform.js";

/** Of what Jest hands over: the last is for babel-jest. */
const options = {
  ...{ configString: "{}", instrument: false, supportsStaticESM: false },
  config: { cwd: "/", rootDir: "/" },
};

/** Runs what came out as Jest would, with `modules` by name. */
async function runAsCommonJs(source: string, modules: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
  const { code } = transformer.process(source, "/project/suite.test.ts", options);
  const module: { exports: Record<string, unknown> } = { exports: {} };
  const load = (name: string): unknown => (name === "node:url" ? jestRequire(name) : modules[name]);
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- as Jest wraps a module
  const run = new Function("module", "exports", "require", "__filename", "__dirname", code) as (
    ...args: readonly unknown[]
  ) => void;
  run(module, module.exports, load, "/project/suite.test.ts", "/project");
  return module.exports["result"];
}

function jestRequire(name: string): unknown {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require(name);
}

test("types go, and imports are calls of require", async () => {
  const source = `import { one } from "numbers"; enum Colour { Red = 3 }
export const result: number = one + Colour.Red;`;
  expect(await runAsCommonJs(source, { numbers: { one: 1 } })).toBe(4);
});

test("import() works without Jest's own ES modules", async () => {
  const source = `export const result: Promise<unknown> = import("numbers").then(({ one }) => one);`;
  await expect(runAsCommonJs(source, { numbers: { __esModule: true, one: 1 } })).resolves.toBe(1);
});

test("a module knows where it is", async () => {
  const source = `export const result = [import.meta.url, import.meta.dirname, import.meta.filename];`;
  expect(await runAsCommonJs(source)).toEqual(["file:///project/suite.test.ts", "/project", "/project/suite.test.ts"]);
});

test.each(["jest-avf", "@jest/globals"])("jest.mock() comes before imports, with jest from %s", async (home) => {
  const calls: string[] = [];
  const jestModule = { jest: { mock: (name: string) => calls.push(`mock ${name}`) } };
  const modules = {
    "@jest/globals": jestModule,
    "jest-avf": jestModule,
    get "./helper"() {
      calls.push("load ./helper");
      return {};
    },
  };
  await runAsCommonJs(
    `import { jest } from "${home}"; import { help } from "./helper"; jest.mock("./helper"); help;`,
    modules,
  );
  expect(calls).toEqual(["mock ./helper", "load ./helper"]);
});

test("stays an ES module where Jest runs them", () => {
  const { code } = transformer.process(
    `import { one } from "numbers"; export const two: number = one + one;`,
    "/a.ts",
    {
      ...options,
      supportsStaticESM: true,
    },
  );
  expect(code).toMatch(/^import \{ one \} from "numbers";$/m);
  expect(transformer.getCacheKey("x", "/a.ts", options)).not.toBe(
    transformer.getCacheKey("x", "/a.ts", { ...options, supportsStaticESM: true }),
  );
});

test("a mistake is reported with its place", () => {
  expect(() => transformer.process("const x: = 3;", "/project/suite.test.ts", options)).toThrow(/suite\.test\.ts:1:9/);
});

test("Jest keeps nothing that another version of this module made", () => {
  const folder = mkdtempSync(join(tmpdir(), "avf-transform-"));
  try {
    symlinkSync(join(packageRoot, "node_modules"), join(folder, "node_modules"));
    const path = join(folder, "suite-transform.ts");
    copyFileSync(join(__dirname, "suite-transform.ts"), path);
    appendFileSync(path, "// A later version.\n");
    const later = jestRequire(path) as typeof transformer;
    const key = (one: typeof transformer): string => one.getCacheKey("x", "/a.ts", options);
    expect(key(transformer)).toBe(key(transformer));
    expect(key(later)).not.toBe(key(transformer));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

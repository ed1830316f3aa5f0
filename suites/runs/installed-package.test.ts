import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(__dirname, "../..");

interface Outcome {
  readonly exitCode: number;
  readonly output: string;
}

/** Without what would change the words of a child, or tie it to this run. */
function environment(): NodeJS.ProcessEnv {
  const away = /^(npm_|NODE_OPTIONS$|FORCE_COLOR$|CI$|GITHUB_ACTIONS$|JEST_WORKER_ID$|AVF_RUN_FOLDER$|AVF_HOLD$)/i;
  const kept = Object.entries(process.env).filter(([name]) => !away.test(name));
  return { ...Object.fromEntries(kept), NO_COLOR: "1" };
}

function call(folder: string, program: string, ...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd: folder, env: environment(), maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ exitCode: code, output: `${stdout}${stderr}` });
    });
  });
}

async function succeed(folder: string, program: string, ...args: readonly string[]): Promise<string> {
  const { exitCode, output } = await call(folder, program, ...args);
  if (exitCode !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${exitCode}:\n${output}`);
  return output;
}

function write(folder: string, files: Readonly<Record<string, string | object>>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  }
}

/**
 * A project that has the packed package, Jest and TypeScript installed by npm, which fetches what its cache lacks (npm ci
 * leaves packages there, but not the lists of their versions). To be quick, node_modules begins as
 * a copy of ours (links, if the file system supports them), and npm removes what the project does not depend on.
 */
async function installInto(folder: string): Promise<void> {
  await succeed(root, "npm", "pack", "--silent", "--pack-destination", folder);
  const packed = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  if (packed === undefined) throw new Error("npm pack made no file");
  const modules = join(root, "node_modules");
  if ((await call(folder, "cp", "-al", modules, folder)).exitCode !== 0) {
    rmSync(join(folder, "node_modules"), { recursive: true, force: true });
    await succeed(folder, "cp", "-a", modules, folder);
  }
  write(folder, { "package.json": { name: "new-project", version: "1.0.0" } });
  const wanted = [`./${packed}`, "jest@30", "typescript@5.9", "@types/jest@30", "@types/node@20"];
  const quietly = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  await succeed(folder, "npm", "install", ...quietly, "--save-dev", ...wanted);
}

const APK = "../node_modules/jest-avf/fixtures/MicrodroidTestApp.apk";
/** The four projects share a device: what matters here is how their files are found and transformed. */
const onDevice = { apks: [APK], vmTemplates: true, deviceCpus: 1, isolation: "worker" };
const jestConfig = { preset: "jest-avf", testEnvironmentOptions: onDevice };
const NAMES_THE_APP = `test("sees the app", ({ app }) => expect(app.packageName).toBe(expected()));\n`;

/** What users write, in each of the two type packages for Jest. */
const TYPED_SUITE = `
describe("typed", () => {
  test("fixtures, matchers and values", async ({ app, vmm, device, runningVm }) => {
    const vm: VirtualMachine = await vmm.create("vm1", app.vmConfig("assets/vm_config.json").build());
    await ours(vm).toPrint(/Hello/, { timeoutMs: 1000 });
    await expect(runningVm).toReachStatus("RUNNING");
    ours(vm).toHaveTransitions(["STOPPED", "RUNNING"]);
    // @ts-expect-error there is no such status
    ours(vm).toHaveTransitions(["RUNING"]);
    await ours(vm).toPrintInOrder(["a", /b/], { within: 1000 });
    await expect(vm).toNeverPrint(/x/, { during: () => vm.stop() });
    await ours(moment.line(vm, "a")).toHappenBefore(moment.status(vm, "STOPPED"), { within: 5 });
    await expect(moment.stage(vm, "init")).not.toHappenBefore(moment.stage(vm, "vmm"));
    await expect(vm).toBootWithin({ payload: 8000 }, { budgetMs: 1000 });
    // @ts-expect-error there is no such stage
    await ours(vm).toBootWithin({ paylod: 8000 });
    await ours(vm).toMatchBootSnapshot({ only: /init/, mask: [[/x/, "y"]] });
    const code: ErrorCode = "VM_NOT_RUNNING";
    await expect(vm.stop()).toRejectWithKind("vm", code);
    // @ts-expect-error there is no such code
    const wrong: ErrorCode = "VM_NOT_RUNING";
    await ours(vm.stop()).not.toRejectWithCode(wrong);
    // @ts-expect-error there is no such kind
    await expect(vm.stop()).toRejectWithKind("VM");
    // @ts-expect-error a fixture that nobody made
    test("unknown", async ({ nonsense }) => ours(nonsense).toBe(1));
    const { stdout }: { readonly stdout: string } = await device.exec(["true"]);
    ours(stdout).toBe(await readFile("x", "utf8"));
  });
});
export const open = async (): Promise<string> => (await openDevice({ release: 13 })).serial;
export const build = buildApk;
`;
const TYPED_IMPORTS = `
import { describe, expect as ours, moment, test, type ErrorCode, type VirtualMachine } from "jest-avf";
import { openDevice } from "jest-avf/node";
import { buildApk } from "jest-avf/apk";
import { readFile } from "node:fs/promises";
`;

/** The run of this file holds a real device itself. */
const describeEmulated = process.env["ANDROID_SERIAL"] === undefined ? describe : describe.skip;

describeEmulated("a new project that installs the packed package", () => {
  const folder = mkdtempSync(join(tmpdir(), "avf-installed-"));
  const bin = (name: string): string => join(folder, "node_modules/.bin", name);
  beforeAll(() => installInto(folder), 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("gets what it needs, and neither our tests nor our keys", () => {
    const inPackage = (path: string): boolean => existsSync(join(folder, "node_modules/jest-avf", path));
    const files = readdirSync(join(folder, "node_modules/jest-avf"), { recursive: true, encoding: "utf8" });
    expect(files.filter((path) => /(^|\/)testing\/|\.test\.|\.pk8$|tsconfig|(^|\/)src\/.*\.ts$/.test(path))).toEqual(
      [],
    );
    expect(
      ["README.md", "LICENSE", "dist/index.d.ts", "dist/avfd.bundle.cjs"].filter((path) => !inPackage(path)),
    ).toEqual([]);
    // An optional peer that is not installed: the suites below are transformed without it.
    expect(existsSync(join(folder, "node_modules/ts-jest"))).toBe(false);
  });

  test("has each page and file that its pages point at", () => {
    const home = join(folder, "node_modules/jest-avf");
    const pages = readdirSync(home, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".md"));
    expect(pages).toEqual(expect.arrayContaining(["README.md", "docs/suites.md", "docs/api.md"]));
    const dead = pages.flatMap((page) => {
      const links = [...readFileSync(join(home, page), "utf8").matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(
        ([, to = ""]) => to,
      );
      // Only a clone has the tests: the package has none.
      const files = links.filter((to) => !/^[a-z]+:|\.test\.ts$/.test(to));
      return files.filter((to) => !existsSync(join(home, dirname(page), to))).map((to) => `${page}: ${to}`);
    });
    expect(dead).toEqual([]);
  });

  test("runs suites in JavaScript and TypeScript, as CommonJS and as ES modules, made by avf new suite among them", async () => {
    write(folder, {
      "commonjs-js/package.json": { jest: jestConfig },
      "commonjs-js/expected.js": `module.exports = { expected: () => "com.android.microdroid.test" };`,
      "commonjs-js/app.test.js": `const { expect, test } = require("jest-avf");\nconst { expected } = require("./expected");\n${NAMES_THE_APP}`,
      "esm-js/package.json": { type: "module", jest: jestConfig },
      "commonjs-ts/package.json": { jest: jestConfig },
      "commonjs-ts/tsconfig.json": {},
      "esm-ts/package.json": { type: "module", jest: jestConfig },
      "esm-ts/expected.ts": `export const expected = (): string => "com.android.microdroid.test";`,
      "esm-ts/app.test.ts": `import { expect, test, type Device } from "jest-avf";\nimport { expected } from "./expected.js";\nexport type Mine = Device;\n${NAMES_THE_APP}`,
    });
    for (const project of ["esm-js", "commonjs-ts"]) {
      expect(await succeed(join(folder, project), bin("avf"), "new", "suite", "greeting")).toContain("greeting.test.");
    }
    const projects = ["commonjs-js", "esm-js", "commonjs-ts", "esm-ts"];
    const { exitCode, output } = await call(folder, bin("jest"), "--runInBand", "--projects", ...projects);
    expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
    // Nothing runs after the tests.
    expect(output).not.toContain("Jest did not exit");
    for (const file of [
      "commonjs-js/app.test.js",
      "esm-js/greeting.test.js",
      "commonjs-ts/greeting.test.ts",
      "esm-ts/app.test.ts",
    ]) {
      expect(output).toContain(`PASS ${file}`);
    }
  });

  test("checks its types with declarations checked too, beside @jest/globals and beside @types/jest", async () => {
    const strictly = { strict: true, noEmit: true, skipLibCheck: false };
    // No types of browsers, which take a third of the time.
    const compilerOptions = { module: "nodenext", target: "es2022", lib: ["es2022"], ...strictly };
    const beside = {
      globals: [["node"], `${TYPED_IMPORTS}import { expect } from "@jest/globals";\n${TYPED_SUITE}`],
      types: [["node", "jest"], `${TYPED_IMPORTS}${TYPED_SUITE}`],
    } as const;
    const checks = Object.entries(beside).map(([name, [types, suite]]) => {
      write(join(folder, name), {
        "tsconfig.json": { compilerOptions: { ...compilerOptions, types } },
        "suite.test.mts": suite,
        "suite.test.cts": suite,
      });
      return call(join(folder, name), bin("tsc"), "-p", ".");
    });
    expect(await Promise.all(checks)).toEqual(checks.map(() => ({ exitCode: 0, output: "" })));
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { dialectOf, javascriptDialectOf } from "./dialect.js";

let root: string;
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), "avf-dialect-"))));
afterEach(() => rmSync(root, { recursive: true }));

const WORKSPACE = { workspaces: ["packages/*"] };
const TYPESCRIPT = { devDependencies: { typescript: "5.9" } };

test.each<[name: string, folder: string, files: Readonly<Record<string, unknown>>, dialect: string]>([
  ["an empty folder", "a", {}, "typescript"],
  ["a package without TypeScript", "a", { "a/package.json": {} }, "commonjs"],
  ["an ES module package", "a", { "a/package.json": { type: "module" } }, "es-module"],
  ["a package that depends on TypeScript", "a", { "a/package.json": TYPESCRIPT }, "typescript"],
  ["a package with a tsconfig.json", "a", { "a/package.json": {}, "a/tsconfig.json": {} }, "typescript"],
  ["a folder of such a package", "a/b/c", { "a/package.json": TYPESCRIPT }, "typescript"],
  ["a folder of a JavaScript package", "a/b/c", { "a/package.json": { type: "module" } }, "es-module"],
  [
    "a part of a TypeScript workspace",
    "packages/a",
    { "package.json": { ...WORKSPACE, ...TYPESCRIPT }, "packages/a/package.json": {} },
    "typescript",
  ],
  [
    "a part of a workspace with a tsconfig.base.json",
    "packages/a",
    { "package.json": WORKSPACE, "tsconfig.base.json": {}, "packages/a/package.json": { type: "module" } },
    "typescript",
  ],
  [
    "a part of a pnpm workspace",
    "packages/a",
    { "package.json": TYPESCRIPT, "pnpm-workspace.yaml": "", "packages/a/package.json": {} },
    "typescript",
  ],
  [
    "a part of a JavaScript workspace",
    "packages/a",
    { "package.json": WORKSPACE, "packages/a/package.json": {} },
    "commonjs",
  ],
  [
    "a package below another project's folder that is no workspace",
    "other/a",
    { "package.json": TYPESCRIPT, "other/a/package.json": {} },
    "commonjs",
  ],
  ["a package.json that nobody can read", "a", { "a/package.json": "{" }, "commonjs"],
])("%s", (_name, folder, files, dialect) => {
  mkdirSync(join(root, folder), { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
  }
  expect(dialectOf(join(root, folder))).toBe(dialect);
  expect(javascriptDialectOf(join(root, folder))).not.toBe("typescript");
});

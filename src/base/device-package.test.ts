import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { DEVICE_PACKAGE, devicePackageFolder } from "./device-package.js";

let project: string;
let installed: string;
beforeEach(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), "avf-project-")));
  installed = join(project, "node_modules", DEVICE_PACKAGE);
});
afterEach(() => rmSync(project, { recursive: true }));

test.each([
  ["whole", '{ "name": "jest-avf-device" }'],
  ["with an empty package.json", ""],
  ["with half a package.json", '{ "name": "jes'],
  ["without a package.json", undefined],
])("a package %s is found from the project", (_name, description) => {
  mkdirSync(installed, { recursive: true });
  if (description !== undefined) writeFileSync(join(installed, "package.json"), description);
  expect(devicePackageFolder(project)).toBe(installed);
});

test("none is found where none is installed", () => {
  expect(devicePackageFolder(project)).toBeUndefined();
});

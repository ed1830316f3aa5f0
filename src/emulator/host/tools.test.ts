import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { packageRoot } from "../../base/paths.js";
import { inspectHostTools, installCommand } from "./tools.js";

test("one command installs all that is missing, each package once", () => {
  const missing = [
    { name: "gcc", packageName: "gcc", purpose: "" },
    { name: "adb", packageName: "adb", purpose: "" },
    { name: "cc", packageName: "gcc", purpose: "" },
  ];
  expect(installCommand(missing)).toMatch(/^sudo apt-get update && sudo apt-get install .* adb gcc$/);
});

test("the container of this repository has what its tests need", () => {
  const path = process.env["PATH"];
  process.env["PATH"] = "/nonexistent";
  try {
    const wanted = inspectHostTools("testing").missing.map(({ packageName }) => packageName);
    const installed =
      readFileSync(join(packageRoot, "Dockerfile"), "utf8").match(/apt-get install [^]*?\n\n/)?.[0] ?? "";
    // A plain Debian has the others.
    const added = [...wanted, "libc6-dev"].filter((name) => !["apt", "dpkg", "util-linux"].includes(name));
    expect(installed.split(/\s+/)).toEqual(expect.arrayContaining(added));
    expect(added).toContain("gcc");
  } finally {
    process.env["PATH"] = path;
  }
});

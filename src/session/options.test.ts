import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { packageRoot } from "../base/paths.js";
import { readOptions } from "./options.js";

const saved = process.env["ANDROID_SERIAL"];
afterEach(() => {
  if (saved === undefined) delete process.env["ANDROID_SERIAL"];
  else process.env["ANDROID_SERIAL"] = saved;
});

describe("environment options", () => {
  test("without any, the emulated device and nothing to install", () => {
    delete process.env["ANDROID_SERIAL"];
    expect(readOptions({ vmm: "crosvm" }, "/project").monitor).toBe("crosvm");
    expect(readOptions({}, "/project")).toMatchObject({
      apks: [],
      serials: [],
      release: undefined,
      monitor: undefined,
    });
  });

  test("an unknown one is refused with the list of known ones", () => {
    const known = /^Known: (.*)\.$/;
    let hint = "";
    try {
      readOptions({ apk: "a.apk" }, "/project");
    } catch (error) {
      hint = (error as { readonly hint?: string }).hint ?? "";
    }
    const names = (known.exec(hint)?.[1] ?? "").split(", ");
    // Each has its place in the documents; what only tests of this package use has none.
    const docs = readFileSync(join(packageRoot, "docs/suites.md"), "utf8");
    const table = docs.slice(docs.indexOf("\n## Options\n"));
    const cells = [...table.matchAll(/^\| ((?:`\w+`(?:, )?)+) +\|/gm)].map(([, cell = ""]) => cell);
    const listed = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name));
    expect(names.length).toBeGreaterThan(10);
    expect(listed.sort()).toEqual(names.sort());
  });

  test("APKs are one path or several, from rootDir", () => {
    expect(readOptions({ apks: "a.apk" }, "/project").apks).toEqual(["a.apk"]);
    expect(readOptions({ apks: ["<rootDir>/a.apk", "b/*.apk"] }, "/project").apks).toEqual(["a.apk", "b/*.apk"]);
    expect(readOptions({ androidTest: "<rootDir>/AndroidTest.xml" }, "/project").androidTest).toBe(
      "/project/AndroidTest.xml",
    );
  });

  test("ANDROID_SERIAL takes precedence over the configuration and may name several devices", () => {
    process.env["ANDROID_SERIAL"] = "one, two";
    expect(readOptions({ serial: "three" }, "/project").serials).toEqual(["one", "two"]);
    delete process.env["ANDROID_SERIAL"];
    expect(readOptions({ serial: "three" }, "/project").serials).toEqual(["three"]);
  });

  test("a lab may be named, too", () => {
    const lab = "labgrid://lab/?place=shelf-1";
    expect(readOptions({ devices: lab }, "/project").devices).toBe(process.env["AVF_DEVICES"] ?? lab);
  });

  test("those of Jest's own environment pass", () => {
    expect(() => readOptions({ globalsCleanup: "off", customExportConditions: ["node"] }, "/project")).not.toThrow();
  });

  test.each<[Record<string, unknown>, string]>([
    [{ apk: [] }, "testEnvironmentOptions.apk is not known"],
    [{ apks: [1] }, "testEnvironmentOptions.apks must be a string or a list of strings"],
    [{ release: 12 }, "testEnvironmentOptions.release must be one of 13, 14, 15, 16, 17"],
    [{ monitor: "xen" }, 'testEnvironmentOptions.monitor must be "qemu" or "crosvm"'],
    [{ deviceCpus: 3 }, "testEnvironmentOptions.deviceCpus must be 1 or 2"],
    [{ vmTemplates: 1 }, "testEnvironmentOptions.vmTemplates must be true or false"],
    [{ leaseTimeoutMs: 0 }, "testEnvironmentOptions.leaseTimeoutMs must be a positive number"],
    [{ serial: 5 }, "testEnvironmentOptions.serial must be a string"],
  ])("%j is refused by name", (raw, message) => {
    expect(() => readOptions(raw, "/project")).toThrow(message);
  });
});

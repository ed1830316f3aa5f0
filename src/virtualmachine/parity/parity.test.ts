import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { packageRoot } from "../../base/paths.js";
import { VirtualMachineConfigBuilder } from "../config/config.js";
import { readConfigXml, writeConfigXml } from "../config/xml/config-xml.js";
import { VirtualMachineConfig } from "../config/config.js";
import { CustomImageConfigBuilder, VirtualMachineCustomImageConfig } from "../custom-image/custom-image-config.js";
import { Disk } from "../custom-image/parts.js";
import * as constants from "../constants.js";
import { VirtualMachineDescriptor } from "../files/descriptor.js";
import { VirtualMachineException } from "../errors.js";
import { VirtualMachine } from "../machine.js";
import { VirtualMachineManager } from "../manager.js";
import { PAGE_PATH, proofPath, renderPage, SECTIONS } from "./page.js";
import { mostParameters, unexplained } from "./members.js";
import { VALUES_TEST, type Row } from "./row.js";

type RowWithOurs = Extract<Row, { ours: string }>;

const rows = SECTIONS.flatMap(({ rows }) => rows);
const here = rows.filter((row): row is RowWithOurs => row.is !== "out of scope");
const realm: Readonly<Record<string, unknown>> = {
  ...constants,
  ...{ VirtualMachine, VirtualMachineManager, VirtualMachineConfig, VirtualMachineConfigBuilder },
  ...{ VirtualMachineDescriptor, VirtualMachineException, readConfigXml, writeConfigXml },
  ...{ VirtualMachineCustomImageConfig, CustomImageConfigBuilder, Disk },
};

/** What a row's name stands for; undefined when there is no such thing. */
function lookUp(ours: string): unknown {
  const [, owner = "", separator, member] = /^(\w+)(?:([#.])(\w+))?$/.exec(ours) ?? [];
  const value = realm[owner];
  if (separator === undefined || member === undefined) return value;
  const holder = separator === "#" ? (value as { prototype: unknown } | undefined)?.prototype : value;
  return (holder as Record<string, unknown> | undefined)?.[member];
}

/** Whether a file has a test, or a group of tests, of this very title. */
function hasTest(source: string, title: string): boolean {
  const literals = ['"', "'", "`"].map((quote) => `${quote}${title}${quote}`);
  return source
    .split("\n")
    .some((line) => literals.some((literal) => new RegExp(`(?:^|\\(|^\\s+)${quoted(literal)},`).test(line)));
}

function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

describe("every row that says it is here", () => {
  test("names something that is here", () => {
    const callback = readFileSync(join(packageRoot, "src/virtualmachine/callback.ts"), "utf8");
    const isThere = ({ ours }: RowWithOurs): boolean => {
      const [, method] = ours.split("VirtualMachineCallback:");
      return method === undefined ? lookUp(ours) !== undefined : callback.includes(`  ${method}?(`);
    };
    expect(here.filter((row) => !isThere(row)).map(({ ours }) => ours)).toEqual([]);
  });

  test("has its test", () => {
    const sources = new Map<string, string>();
    const sourceOf = (path: string): string => {
      const known = sources.get(path) ?? readFileSync(join(packageRoot, path), "utf8");
      sources.set(path, known);
      return known;
    };
    const unproved = here.filter(
      ({ proof }) => proof.title !== VALUES_TEST && !hasTest(sourceOf(proofPath(proof)), proof.title),
    );
    expect(unproved.map(({ java, proof }) => `${java}: ${proof.file} has no "${proof.title}"`)).toEqual([]);
  });
});

test("a title that is part of another, or only in a comment, is not a test", () => {
  expect(hasTest('test("stops", async () => {', "stops")).toBe(true);
  expect(hasTest('  test.each([1])("stops", () => {', "stops")).toBe(true);
  expect(hasTest('  "stops",', "stops")).toBe(true);
  expect(hasTest('test("stops twice", async () => {', "stops")).toBe(false);
  expect(hasTest('// it "stops"', "stops")).toBe(false);
});

test("constants have Android's values", () => {
  const constants = here.flatMap((row) => (row.is === "present" && row.value !== undefined ? [row] : []));
  expect(constants.length).toBeGreaterThan(40);
  expect(constants.map(({ ours }) => [ours, lookUp(ours)])).toEqual(constants.map(({ ours, value }) => [ours, value]));
});

describe("nothing in the library is without a row", () => {
  const named = new Set(here.map(({ ours }) => ours));
  /** What Java has no counterpart of. */
  const OWN: Readonly<Record<string, readonly string[]>> = {
    VirtualMachine: [
      "control",
      "status",
      "cid",
      "output",
      "events",
      "transitions",
      "transitionLog",
      "consoleLines",
      "waitFor",
      "waitUntil",
      "waitForStatus",
      "waitForConsole",
      "watchConsole",
      "lastLines",
      "boot",
      "slowness",
      "gdb",
    ],
    VirtualMachineManager: ["list", "liveMachines", "subscribe", "moment", "leave", "rewind", "follow"],
    VirtualMachineConfig: ["fields"],
    // For its subclass only.
    VirtualMachineConfigBuilder: ["checkedFields"],
    VirtualMachineDescriptor: ["isLost", "lose", "putAside"],
    VirtualMachineCustomImageConfig: ["toJSON"],
    // For its subclass only.
    CustomImageConfigBuilder: ["collected"],
    Disk: [],
  };

  test.each(Object.keys(OWN))("%s", (owner) => {
    const { prototype } = realm[owner] as { prototype: object };
    const methods = [...new Set(chainOf(prototype).flatMap(Object.getOwnPropertyNames))].filter(
      (name) => name !== "constructor",
    );
    const unlisted = methods.filter((name) => !named.has(`${owner}#${name}`));
    expect(unlisted.sort()).toEqual([...OWN[owner]!].sort());
  });
});

/** It and the classes of ours that it extends. */
function chainOf(prototype: object): readonly object[] {
  const base = Object.getPrototypeOf(prototype) as object | null;
  return base === null || base === Object.prototype || base === Error.prototype
    ? [prototype]
    : [prototype, ...chainOf(base)];
}

test(`${PAGE_PATH} is what npm run docs writes`, () => {
  expect(readFileSync(join(packageRoot, PAGE_PATH), "utf8")).toBe(renderPage());
});

test("no method here needs more arguments than Android's takes", () => {
  const titles = new Map(SECTIONS.flatMap(({ title, rows }) => rows.map((row) => [row, title] as const)));
  const counted = here.flatMap((row) => {
    const method = row.ours.includes("#") ? lookUp(row.ours) : undefined;
    const most = mostParameters(titles.get(row) ?? "", /^\w+/.exec(row.java)?.[0] ?? "");
    return typeof method === "function" && most !== undefined ? [{ ours: row.ours, needs: method.length, most }] : [];
  });
  expect(counted.length).toBeGreaterThan(60);
  // Its options may be left out, which a function's length does not tell.
  expect(counted.filter(({ needs, most }) => needs > most).map(({ ours }) => ours)).toEqual([
    "VirtualMachine#connectVsock",
  ]);
});

test("a name with several signatures has a row for each", () => {
  const gone = SECTIONS.map(({ title, rows }) => ({
    title,
    rows: rows.map((row) => (row.java === "sendKeyEvent(short, boolean)" ? { ...row, java: "sendKeyEvent()" } : row)),
  }));
  expect(unexplained(gone)).toEqual([
    "Android 17: VirtualMachine has sendKeyEvent(short, boolean), which docs/parity.md does not name",
  ]);
});

test("every member of Android's classes is here or explained", () => {
  expect(unexplained(SECTIONS)).toEqual([]);
  const gone = SECTIONS.map(({ title, rows }) => ({ title, rows: rows.filter(({ java }) => java !== "getRootDir()") }));
  expect(unexplained(gone)).toContain("Android 17: VirtualMachine has getRootDir, which docs/parity.md does not name");
});

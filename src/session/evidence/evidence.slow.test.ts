/** What is saved of failed tests: a folder for each attempt, which all reports link, whatever the tests are called. */
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { XMLParser } from "fast-xml-parser";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { describeEvidence, saveEvidence } from "./evidence.js";
import { BOOT_LINE } from "../testing/memory-harness.js";
import { makeProject, runProject, type SuiteOutcome, type SuiteProject } from "../testing/run-suite.js";
import { suite } from "../testing/sample-suites.js";

// Each is a Jest of its own; on a busy machine that takes its time.
jest.setTimeout(120_000);

/** Sets the clipboard of a terminal that obeys it. */
const CLIPBOARD = "\u001b]52;c;cm0gLXJmIH4=\u0007";
const LONG = "long ".repeat(60);

/** Fails with a VM whose console names it, so that one can tell whose it is. */
const run = (vm: string): string => `
  const vm = await vmm.create(${vm}, app.vmConfig("assets/vm_config.json").build());
  await vm.run();
  await expect(vm).toPrint("never", { timeoutMs: 1_000 });`;

const SUITES: Readonly<Record<string, string>> = {
  "rows.test.ts": suite(`
    test.each(["row-a", "row-b"])("payload starts", async ({ vmm, app }, name) => {${run("name")}});
    describe("one", () => { test("starts", async ({ vmm, app }) => {${run('"block-one"')}}); });
    describe("two", () => { test("starts", async ({ vmm, app }) => {${run('"block-two"')}}); });
    describe("a b", () => { test("c", async ({ vmm, app }) => {${run('"ab-c"')}}); });
    describe("a", () => { test("b c", async ({ vmm, app }) => {${run('"a-bc"')}}); });
    test("x/y", async ({ vmm, app }) => {${run('"slash"')}});
    test("x y", async ({ vmm, app }) => {${run('"blank"')}});
    test("X y", async ({ vmm, app }) => {${run('"capital"')}});
    test(${JSON.stringify(`${LONG}1`)}, async ({ vmm, app }) => {${run('"long-1"')}});
    test(${JSON.stringify(`${LONG}2`)}, async ({ vmm, app }) => {${run('"long-2"')}});`),
  "one/same.test.ts": suite(`test("fails", async ({ vmm, app }) => {${run('"in-one"')}});`),
  "two/same.test.ts": suite(`test("fails", async ({ vmm, app }) => {${run('"in-two"')}});`),
  "two-same.test.ts": suite(`test("fails", async ({ vmm, app }) => {${run('"in-two-same"')}});`),
  "retried.test.ts": suite(`
    jest.retryTimes(1);
    let attempts = 0;
    test.each(["p", "q"])("again", async ({ vmm, app }, name) => {
      const attempt = \`\${name}-\${++attempts > 2 ? 2 : 1}\`;${run("attempt")}
    });`),
};

const NAMES = [
  ...["row-a", "row-b", "block-one", "block-two", "ab-c", "a-bc", "slash", "blank", "capital", "long-1", "long-2"],
  ...["in-one", "in-two", "in-two-same", "p-1", "p-2", "q-1", "q-2"],
];

/** In the data of report.html. */
interface Attempt {
  readonly machines: readonly { readonly name: string }[];
  readonly evidence: readonly { readonly href: string }[];
}

interface Case {
  readonly name: string;
  readonly "system-out"?: string;
}

describe("evidence", () => {
  let project: SuiteProject;
  let outcome: SuiteOutcome;
  let out: string;

  beforeAll(async () => {
    // A project of Jest's has its own preset; what is the run's stands above them.
    const { jest: inner } = JSON.parse(readFileSync(join(makeShell().folder, "package.json"), "utf8")) as {
      jest: Record<string, unknown>;
    };
    const { reporters: _reporters, testTimeout: _timeout, ...ofProject } = inner;
    const projects = ["first", "second"].map((displayName) => ({ displayName, rootDir: "<rootDir>", ...ofProject }));
    project = makeProject(SUITES, {
      args: ["--runInBand"],
      config: { projects, preset: undefined },
      env: { [BOOT_LINE]: `boots ${CLIPBOARD}` },
    });
    outcome = await runProject(project);
    out = realpathSync(join(project.folder, "out/latest"));
  });
  afterAll(() => project.remove());

  const shells: SuiteProject[] = [];
  function makeShell(): SuiteProject {
    shells.push(makeProject({}));
    return shells.at(-1)!;
  }
  afterAll(() => shells.forEach((shell) => shell.remove()));

  const text = (path: string): string => readFileSync(join(out, path), "utf8");
  const all = (): readonly string[] => readdirSync(out, { recursive: true, encoding: "utf8" });
  /** VMs whose consoles were saved, by folder; each of the two projects has all of them. */
  const saved = (): readonly (readonly [folder: string, vm: string])[] =>
    all().flatMap((path) => {
      const [, folder, vm] = /^(.*)\/([^/]+)\.console\.txt$/.exec(path) ?? [];
      return folder === undefined || vm === undefined ? [] : [[folder, vm] as const];
    });

  test("has a folder for each row, block, file, project and attempt", () => {
    const vms = saved().map(([, vm]) => vm);
    if (vms.length === 0) throw new Error(outcome.output);
    expect([...vms].sort()).toEqual([...NAMES, ...NAMES].sort());
    expect(new Set(saved().map(([folder]) => folder)).size).toBe(vms.length);
    for (const [folder, vm] of saved())
      expect(text(join(folder, `${vm}.console.txt`))).toContain(`Hello Microdroid ${vm}`);
  });

  test("is linked by junit.xml from the test that it is of", () => {
    const isArray = (name: string): boolean => ["testsuite", "testcase"].includes(name);
    const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "", isArray });
    const { testsuites } = parser.parse(text("junit.xml")) as {
      testsuites: { testsuite: readonly { name: string; testcase: readonly Case[] }[] };
    };
    const linked = testsuites.testsuite.flatMap(({ name: suiteName, testcase }) =>
      testcase.map(({ name, "system-out": output = "" }) => {
        const consoles = [...output.matchAll(/\[\[ATTACHMENT\|.*\/([^/]+)\.console\.txt\]\]/g)].map(([, vm]) => vm);
        return `${suiteName.replace(/ \(.*/, "")}: ${name.slice(-20)}: ${consoles.join(", ")}`;
      }),
    );
    const ofOne = [
      ...["payload starts: row-a", "payload starts: row-b", "one starts: block-one", "two starts: block-two"],
      ...["a b c: ab-c", "a b c: a-bc", "x/y: slash", "x y: blank", "X y: capital"],
      ...[1, 2].map((end) => `${`${LONG}${end}`.slice(-20)}: long-${end}`),
    ].map((line) => `rows.test.ts: ${line}`);
    const others = [
      ...["one/same.test.ts: fails: in-one", "two/same.test.ts: fails: in-two", "two-same.test.ts: fails: in-two-same"],
      ...["retried.test.ts: again: p-1, p-2", "retried.test.ts: again: q-1, q-2"],
    ];
    expect([...linked].sort()).toEqual([...ofOne, ...others, ...ofOne, ...others].sort());
    const paths = [...text("junit.xml").matchAll(/\[\[ATTACHMENT\|([^\]]*)\]\]/g)].map(([, path = ""]) => path);
    expect(paths.length).toBeGreaterThan(2 * NAMES.length);
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  });

  test("is linked by report.html and by the failure's message", () => {
    const blocks = [...text("report.html").matchAll(/<script[^>]* id="test-\d+">(.*)<\/script>/g)];
    const attempts = blocks.flatMap(([, json = ""]) => (JSON.parse(json) as { attempts: readonly Attempt[] }).attempts);
    // One VM each.
    expect(attempts.flatMap(({ machines }) => machines.map(({ name }) => name)).sort()).toEqual(
      [...NAMES, ...NAMES].sort(),
    );
    for (const { machines, evidence } of attempts) {
      const consoles = evidence.filter(({ href }) => href.endsWith(".console.txt"));
      expect(consoles.map(({ href }) => href.replace(/.*\/|\.console\.txt$/g, ""))).toEqual(
        machines.map(({ name }) => name),
      );
      expect(consoles.every(({ href }) => existsSync(join(out, decodeURIComponent(href))))).toBe(true);
    }
    // Jest prints the last attempt only.
    for (const vm of NAMES.filter((name) => !/^[pq]-1$/.test(name))) {
      // A failure names its VM first, and ends with where it was saved.
      const told = outcome.output.matchAll(
        new RegExp(`VM "${vm}" \\(RUNNING\\)[^]*?Saved for this failure: (\\S+)/\\n`, "g"),
      );
      const folders = new Set(
        [...told].map(([, path = ""]) => relative(out, join(realpathSync(project.folder), path))),
      );
      const wanted = saved().flatMap(([folder, of]) => (of === vm ? [folder] : []));
      expect([...folders].filter((folder) => !wanted.includes(folder))).toEqual([]);
      expect(folders.size).toBeGreaterThan(0);
    }
  });

  test("names project, row and attempt", () => {
    const failures = all().filter((path) => path.endsWith("failure.txt"));
    const told = failures.map(text).filter((failure) => failure.includes('"q-2"'));
    expect(told).toHaveLength(2);
    for (const failure of told) {
      expect(failure).toMatch(/^Project: (first|second)$/m);
      expect(failure).toMatch(/number 2$/m);
      expect(failure).toMatch(/^Attempt: 2$/m);
      expect(failure).toMatch(/--selectProjects (first|second)$/m);
    }
  });

  test("can be read by the user alone", () => {
    const open = all().filter((path) => (statSync(join(out, path)).mode & 0o077) !== 0);
    expect(open).toEqual([]);
    expect(statSync(out).mode & 0o077).toBe(0);
  });

  test("what a guest prints does not act on the terminal", () => {
    expect(outcome.output).toContain("boots \\x1b]52;c;cm0gLXJmIH4=\\x07");
    expect(outcome.output).not.toContain("\u001b]52");
    expect(text("report.html")).not.toContain("\u001b");
    // The file has what the guest wrote.
    expect(saved().some(([folder, vm]) => text(join(folder, `${vm}.console.txt`)).includes(CLIPBOARD))).toBe(true);
  });
});

describe("what cannot be saved", () => {
  const folder = mkdtempSync(join(tmpdir(), "evidence-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const failed = {
    ...{ projectFolder: folder, project: undefined, file: join(folder, "a.test.ts"), name: "fails", occurrence: 1 },
    ...{ attempt: 1, errors: ["Error: no"], failureClass: "test", folder: undefined },
  };

  test("is named, with the reason; the rest is saved", async () => {
    // The second wants the first to be a folder.
    const deviceLogs = new Map([
      ["kernel.txt", "panic"],
      ["kernel.txt/more.txt", "more"],
    ]);
    const saved = await saveEvidence({ ...failed, runFolder: join(folder, "run"), deviceLogs }, []);
    const [said, unsaid] = describeEvidence(saved);
    expect(said).toMatch(/^Saved for this failure: \S+\/run\/a\.test\.ts\/fails\/$/);
    expect(unsaid).toMatch(/^Not saved there: device\/kernel\.txt(\/more\.txt)? \((EEXIST|ENOTDIR|EISDIR): [^/']+\)$/);
    expect(readFileSync(join(saved.folder ?? "", "failure.txt"), "utf8")).toContain("Error: no");
  });

  test("is all there is if there is no space for a folder", async () => {
    writeFileSync(join(folder, "file"), "");
    const saved = await saveEvidence({ ...failed, runFolder: join(folder, "file") }, []);
    expect(describeEvidence(saved)).toEqual([
      expect.stringMatching(/^Nothing was saved for this failure: ENOTDIR: not a directory$/),
    ]);
    expect(saved.folder).toBeUndefined();
  });
});

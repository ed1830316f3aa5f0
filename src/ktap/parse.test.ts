import { describe, expect, test } from "@jest/globals";
import { caseName, countCases, countsText, ktapCases } from "./cases.js";
import { LIMITS } from "./model.js";
import { KtapParser, parseKtap } from "./parse.js";

const cases = (...lines: readonly string[]) => ktapCases(parseKtap(lines));

describe("what belongs to a test", () => {
  test("is what it printed before its result, and what the kernel printed meanwhile", () => {
    const [first, second] = cases(
      "TAP version 13",
      "1..2",
      "# opens the disk",
      "[    1.500000] virtio_blk virtio0: I/O error",
      "not ok 1 disk # errno=5",
      "ok 2 net",
    );
    expect(first).toMatchObject({ names: ["disk"], status: "failed", reason: "errno=5" });
    expect(first?.diagnostics).toEqual(["opens the disk", "virtio_blk virtio0: I/O error"]);
    expect(second?.diagnostics).toEqual([]);
  });

  test("of a test that kselftest's runner ran, is what that test printed", () => {
    const found = cases(
      "TAP version 13",
      "1..1",
      "# selftests: mm: hugetlb",
      "# TAP version 13",
      "# 1..2",
      "# # reserves 4 pages",
      "# not ok 1 reserves",
      "# ok 2 frees",
      "not ok 1 selftests: mm: hugetlb # exit=1",
    );
    expect(found.map(caseName)).toEqual(["selftests: mm: hugetlb › reserves", "selftests: mm: hugetlb › frees"]);
    expect(found[0]?.diagnostics).toEqual(["reserves 4 pages"]);
  });

  test("is YAML after its result line", () => {
    const [only] = cases("TAP version 13", "1..1", "not ok 1 x", "  ---", "  at: 7", "  ...");
    expect(only?.diagnostics).toEqual(["  at: 7"]);
  });

  test("is cut at the front when it is too much", () => {
    const chatter = Array.from({ length: 1_000 }, (_, index) => `# line ${index}`);
    const [only] = cases("KTAP version 1", "1..1", ...chatter, "not ok 1 x");
    expect(only?.diagnostics).toHaveLength(LIMITS.diagnosticLines);
    expect(only?.diagnostics.at(-1)).toBe("line 999");
    expect(only?.omittedDiagnostics).toBe(1_000 - LIMITS.diagnosticLines);
  });
});

/** What dmesg of util-linux 2.38.1 puts before the four lines of one log. */
test.each<[options: string, prefixes: readonly string[]]>([
  ["-r", ["<6>[    1.000000] ", "<6>[    1.000001] ", "<6>[   61.500000] ", "<3>[   61.600000] "]],
  ["-e", ["[Nov30 06:03] ", "[  +0.000001] ", "[Nov30 06:04] ", "[  +0.100000] "]],
  [
    "-d",
    [
      "[    1.000000 <    0.000000>] ",
      "[    1.000001 <    0.000001>] ",
      "[   61.500000 <   60.499999>] ",
      "[   61.600000 <    0.100000>] ",
    ],
  ],
  [
    "-T",
    [
      "[Mon Nov 30 06:03:23 2026] ",
      "[Mon Nov 30 06:03:23 2026] ",
      "[Mon Nov 30 06:04:23 2026] ",
      "[Mon Nov 30 06:04:23 2026] ",
    ],
  ],
  [
    "-d -T",
    [
      "[Mon Nov 30 06:03:23 2026 <    0.000000>] ",
      "[Mon Nov 30 06:03:23 2026 <    0.000001>] ",
      "[Mon Nov 30 06:04:23 2026 <   60.499999>] ",
      "[Mon Nov 30 06:04:23 2026 <    0.100000>] ",
    ],
  ],
  [
    "--time-format iso",
    [
      "2026-11-30T06:03:23,000000+00:00 ",
      "2026-11-30T06:03:23,000001+00:00 ",
      "2026-11-30T06:04:23,500000+00:00 ",
      "2026-11-30T06:04:23,600000+00:00 ",
    ],
  ],
  [
    "-x",
    [
      "kern  :info  : [    1.000000] ",
      "kern  :info  : [    1.000001] ",
      "kern  :info  : [   61.500000] ",
      "kern  :err   : [   61.600000] ",
    ],
  ],
  ["-d -t", ["[<    0.000000>] ", "[<    0.000001>] ", "[<   60.499999>] ", "[<    0.100000>] "]],
  ["-x -t", ["kern  :info  : ", "kern  :info  : ", "kern  :info  : ", "kern  :err   : "]],
  [
    "-x -e",
    [
      "kern  :info  : [Nov30 06:03] ",
      "kern  :info  : [  +0.000001] ",
      "kern  :info  : [Nov30 06:04] ",
      "kern  :err   : [  +0.100000] ",
    ],
  ],
])("what dmesg %s shows is the kernel's voice", (_options, prefixes) => {
  const plain = ["KTAP version 1", "1..2", "ok 1 a", "not ok 2 b"];
  const lines = plain.map((line, at) => `${prefixes[at] ?? ""}${line}`);
  expect(cases(...lines).map(({ names, status }) => [...names, status])).toEqual([
    ["a", "passed"],
    ["b", "failed"],
  ]);
  expect(parseKtap(lines)).toMatchObject(parseKtap(plain));
});

describe("nothing that failed is without a case", () => {
  test("a panic names what had no result yet", () => {
    const found = cases(
      "[    1.000000] KTAP version 1",
      "[    1.000001] 1..2",
      "[    1.000002]     KTAP version 1",
      "[    1.000003]     # Subtest: mm",
      "[    1.000004]     1..3",
      "[    1.000005]     ok 1 maps",
      "[    1.000006] BUG: unable to handle page fault",
      "[    1.000007] Kernel panic - not syncing: Fatal exception",
      "[    1.000008]     ok 2 unmaps",
    );
    expect(found.map((one) => [caseName(one), one.status])).toEqual([
      ["mm › maps", "passed"],
      ["mm › tests 2 to 3", "missing"],
      ["mm › result line", "failed"],
      ["test 2", "missing"],
      ["end of the output", "failed"],
    ]);
    expect(found[1]?.diagnostics).toEqual(["BUG: unable to handle page fault"]);
    expect(found[4]?.reason).toBe("the output was interrupted: Kernel panic - not syncing: Fatal exception");
  });

  test.each([
    ["a test that bailed out", ["TAP version 13", "1..2", "ok 1 a", "Bail out! no disk"], "Bail out! no disk"],
    ["no tests", ["KTAP version 1", "1..0"], "no tests were planned, and none ran"],
    ["more results than planned", ["TAP version 13", "1..1", "ok 1 a", "ok 2 b"], "1 tests were planned, and 2 have a"],
    ["a parent that failed alone", ["KTAP version 1", "1..1", "  1..1", "  ok 1 a", "not ok 1 b # leak"], "leak"],
    ["a runner that ran nothing", ["kunit executor: no suites matched"], "kunit executor: no suites matched"],
    ["a timeout that calls itself ok", ["KTAP version 1", "1..1", "ok 1 a # TIMEOUT 3 s"], "3 s"],
    ["a small letter in KTAP", ["KTAP version 1", "1..1", "not ok 1 a # skip list broke"], "skip list broke"],
  ])("%s", (_, lines, reason) => {
    const bad = cases(...lines).filter(({ status }) => status === "failed");
    expect(bad.map((one) => one.reason).join()).toContain(reason);
  });

  test("subtests that ended without a result line do not get that of another test", () => {
    const found = cases(
      "KTAP version 1",
      "1..2",
      "    # Subtest: one",
      "    1..1",
      "    ok 1 a",
      "ok 2 two",
      "ok 3 three",
    );
    expect(found.filter(({ status }) => status === "failed").map(caseName)).toEqual(["one › result line", "plan"]);
  });
});

test("a console may hold anything", () => {
  expect(cases("ok", "ok then", "ok 2 of 3", "not ok", "1 2 3", "# ok 1 x", "TAP version x", "")).toEqual([]);
  expect(countsText(countCases([]))).toBe("no tests");
});

describe("a line that a message of the kernel stands in", () => {
  const interrupted = (before: string, after: string) => [`${before}[    2.000000] random: crng init done`, after];

  test.each([
    ["not", " ok 1 a"],
    ["not ", "ok 1 a"],
    ["no", "t ok 1 a"],
    ["not ok", " 1 a"],
    ["not ok 1", " a"],
  ])("fails as it would in one: %j, %j", (before, after) => {
    const found = cases("KTAP version 1", "1..1", ...interrupted(before, after));
    expect(found.map(({ names, status }) => [...names, status])).toEqual([["a", "failed"]]);
  });

  test.each(["# ", "# not "])("is at its place: %j", (before) => {
    const lines = interrupted(before, "ok 2 y");
    const found = cases("TAP version 13", "1..1", "# TAP version 13", "# 1..2", "# ok 1 x", ...lines, "ok 1 z");
    expect(found.map(caseName)).toEqual(["z › x", "z › y"]);
    expect(found.map(({ status }) => status)).toEqual(["passed", before === "# " ? "passed" : "failed"]);
  });
});

test.each(["~ # ", "$ ", "runner: "])("what stands before the version line only, %j, is no prefix", (prompt) => {
  const found = cases(`${prompt}KTAP version 1`, "1..2", "ok 1 a", "not ok 2 b", prompt);
  expect(found.map(({ names, status }) => [...names, status])).toEqual([
    ["a", "passed"],
    ["b", "failed"],
  ]);
});

test("is complete when its plan is fulfilled and nothing is open", () => {
  const parser = new KtapParser();
  const completed = ["KTAP version 1", "1..1", "  KTAP version 1", "  1..1", "  ok 1 a", "ok 1 b"].map((line) => {
    parser.push(line);
    return parser.completed;
  });
  expect(completed).toEqual([0, 0, 0, 0, 0, 1]);
  parser.push("TAP version 13");
  expect([parser.completed, parser.begun]).toEqual([0, 2]);
});

describe("limits", () => {
  test("nesting", () => {
    const lines = Array.from({ length: 100 }, (_, depth) => `${"  ".repeat(depth)}KTAP version 1`);
    const { documents } = parseKtap([...lines, "ok 1 outermost"]);
    expect(documents[0]?.problems.map(({ kind }) => kind)).toContain("over-limit");
  });

  test("tests, whatever was planned", () => {
    const results = Array.from({ length: LIMITS.tests + 5 }, (_, index) => `ok ${index + 1} t`);
    const { documents } = parseKtap(["KTAP version 1", "1..999999999", ...results]);
    expect(documents[0]?.tests).toHaveLength(LIMITS.tests);
    const counts = countCases(ktapCases({ documents, runnerError: undefined, omittedDocuments: 0 }));
    expect(counts).toMatchObject({ passed: LIMITS.tests, missing: 1, failed: 1 });
  });

  test("lines, names and documents", () => {
    const long = "x".repeat(1 << 20);
    const [only] = cases("KTAP version 1", "1..1", `# ${long}`, `not ok 1 ${long}`);
    expect(only?.names[0]?.length).toBe(LIMITS.nameLength + 1);
    expect(only?.diagnostics[0]?.length).toBe(LIMITS.diagnosticLength + 1);
    const many = Array.from({ length: LIMITS.documents + 9 }, () => ["TAP version 13", "1..1", "ok 1 a"]).flat();
    const report = parseKtap(many);
    expect(report.documents).toHaveLength(LIMITS.documents);
    expect(ktapCases(report).at(-1)).toMatchObject({ names: ["limits"], status: "failed" });
  });
});

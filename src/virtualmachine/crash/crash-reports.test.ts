import { describe, expect, test } from "@jest/globals";
import type { OutputLine } from "../lines/line-history.js";
import { CrashReports, crashSummary } from "./crash-reports.js";

const RULE = "*** *** *** *** *** *** *** *** *** *** *** *** *** *** *** ***";
const log = (text: string, pid = 42, tag = "F DEBUG   "): OutputLine => ({
  ...{ stream: "log", atMs: 0, run: 1, sequence: 0 },
  text: `11-30 02:44:49.581 ${String(pid).padStart(5)} ${String(pid).padStart(5)} ${tag}: ${text}`,
});
const told = (lines: readonly OutputLine[]): readonly string[] => {
  const reports = new CrashReports();
  return lines.flatMap((line) => reports.line(line) ?? []).concat(reports.end() ?? []);
};
/** As Android 15 writes it. */
const REPORT = [
  RULE,
  "Build fingerprint: 'generic/microdroid'",
  "pid: 130, tid: 130, name: microdroid_laun  >>> /system/bin/microdroid_launcher <<<",
  "uid: 6000",
  "signal 11 (SIGSEGV), code 1 (SEGV_MAPERR), fault addr 0x0000000000000008",
  "Cause: null pointer dereference",
  "    rax 0000000000000000  rbx 00007ffe1b542f70",
  "2 total frames",
  "backtrace:",
  "      #00 pc 00000000000011c4  /mnt/apk/lib/x86_64/X.so (fall+4) (BuildId: 0123)",
  "      #01 pc 00000000000012e4  /mnt/apk/lib/x86_64/X.so (BuildId: 0123)",
];

describe("reports of crashes", () => {
  test("are found among other lines, and shown with their last frame", () => {
    const reports = new CrashReports();
    const lines = REPORT.flatMap((line) => [log("hello", 7, "I Payload  "), log(line), log("x", 43, "F libc    ")]);
    const last = lines.findLastIndex(({ text }) => text.includes("#01"));
    expect(lines.slice(0, last).flatMap((line) => reports.line(line) ?? [])).toEqual([]);
    expect(reports.line(lines[last]!)).toBe(REPORT.join("\n"));
    expect(reports.end()).toBeUndefined();
  });

  test("of two processes are two; a truncated one is shown as far as it came", () => {
    expect(told([...REPORT, ...REPORT].map((line) => log(line)))).toEqual([REPORT.join("\n"), REPORT.join("\n")]);
    expect(told([...REPORT.slice(0, 6).map((line) => log(line)), ...REPORT.map((line) => log(line, 50))])).toEqual([
      REPORT.slice(0, 6).join("\n"),
      REPORT.join("\n"),
    ]);
    expect(told(REPORT.slice(0, 4).map((line) => log(line)))).toEqual([REPORT.slice(0, 4).join("\n")]);
  });

  test("need no frames, and none is made of other lines of that tag", () => {
    const empty = [RULE, "signal information missing", "0 total frames", "backtrace:"];
    expect(told(empty.map((line) => log(line)))).toEqual([empty.join("\n")]);
    expect(told([log("a line"), log("2 total frames")])).toEqual([]);
    expect(told(REPORT.map((line) => ({ ...log(line), stream: "console" })))).toEqual([]);
  });

  test("are summed up by who, why and where", () => {
    expect(crashSummary(REPORT.join("\n")).map((line) => line.slice(0, 14))).toEqual([
      ...["  pid: 130, ti", "  signal 11 (S", "  Cause: null ", "  #00 pc 00000", "  #01 pc 00000"],
    ]);
  });
});

import { describe, expect, test } from "@jest/globals";
import { formatLogLine, LogFilter } from "../log/log-format.js";
import type { LogEntry } from "../log/log-buffer.js";
import { parseLogcatArguments } from "./logcat.js";

const entry: LogEntry = {
  epochMs: Date.UTC(2026, 10, 22, 17, 58, 31, 495),
  pid: 141,
  tid: 142,
  uid: 0,
  priority: "I",
  tag: "avfd",
  message: "listening",
};

describe("lines", () => {
  test.each([
    ["threadtime", "11-22 17:58:31.495   141   142 I avfd    : listening"],
    ["brief", "I/avfd    (  141): listening"],
    ["tag", "I/avfd    : listening"],
    ["raw", "listening"],
    ["time", "11-22 17:58:31.495 I/avfd    (  141): listening"],
  ] as const)("%s", (format, line) => {
    expect(formatLogLine(entry, { format })).toBe(line);
  });

  test("with year and user", () => {
    expect(formatLogLine(entry, { format: "threadtime", year: true, uid: true })).toBe(
      "2026-11-22 17:58:31.495  root:  141   142 I avfd    : listening",
    );
  });
});

describe("filters", () => {
  test("a tag has its own level, the star is for all others, S silences", () => {
    const filter = new LogFilter(["avfd:W", "*:I"]);
    expect(filter.accepts({ tag: "avfd", priority: "I" })).toBe(false);
    expect(filter.accepts({ tag: "avfd", priority: "E" })).toBe(true);
    expect(filter.accepts({ tag: "other", priority: "I" })).toBe(true);
    expect(filter.accepts({ tag: "other", priority: "D" })).toBe(false);
    expect(new LogFilter(["*:S", "avfd"]).accepts({ tag: "other", priority: "F" })).toBe(false);
    expect(new LogFilter(["*:S", "avfd"]).accepts({ tag: "avfd", priority: "V" })).toBe(true);
  });

  test("tags may have colons, as AVF's do", () => {
    const filter = new LogFilter(["virtualizationmanager::crosvm:I", "*:S"]);
    expect(filter.accepts({ tag: "virtualizationmanager::crosvm", priority: "I" })).toBe(true);
    expect(filter.accepts({ tag: "virtualizationmanager", priority: "F" })).toBe(false);
  });
});

describe("arguments", () => {
  test("what adb and test harnesses send", () => {
    const request = parseLogcatArguments(["-v", "threadtime", "-T", "5", "-s", "avfd:V"]);
    expect(request.action).toBe("follow");
    expect(request.tail).toBe(5);
    expect(request.filter.accepts({ tag: "x", priority: "F" })).toBe(false);
    expect(request.filter.accepts({ tag: "avfd", priority: "V" })).toBe(true);
    expect(parseLogcatArguments(["-d", "--format=raw"]).line.format).toBe("raw");
    expect(parseLogcatArguments(["-t", "11-22 17:58:31.495"]).sinceEpochMs).toBeDefined();
    expect(parseLogcatArguments(["-b", "all", "-c"]).action).toBe("clear");
  });

  test.each([
    [["-v", "loud"], "Invalid parameter 'loud' to -v"],
    [["--what"], "unrecognized option '--what'"],
    [["-t"], "option requires an argument -- 't'"],
    [["tag:?"], "Invalid filter expression 'tag:?'"],
  ])("%j is refused", (args, message) => {
    expect(() => parseLogcatArguments(args)).toThrow(message);
  });
});

import { describe, expect, test } from "@jest/globals";
import type { AttemptData, SpanData } from "../../report-data.js";
import { eventRows, isAlarm, lanesOf } from "./lanes.js";

function span(
  kind: SpanData["kind"],
  startMs: number,
  endMs: number,
  text: string,
  more: Partial<SpanData> = {},
): SpanData {
  return { kind, startMs, endMs, text, machine: -1, failed: false, detail: "", ...more };
}

function attempt(spans: readonly SpanData[], lines: AttemptData["lines"] = []): AttemptData {
  return {
    ...{ status: "passed", durationMs: 100, device: "", vmm: "", worker: "1", errors: [], evidence: [] },
    machines: [
      { name: "vm1", about: "CID 2048", config: "{}" },
      { name: "vm2", about: "", config: "{}" },
    ],
    ...{ spans, lines, droppedLines: 0, subtests: [] },
  };
}

describe("lanes", () => {
  test("are of the test, of each VM, and of host and device", () => {
    const data = attempt(
      [
        span("step", 0, 50, "boot both"),
        span("status", 0, 100, "RUNNING", { machine: 0 }),
        span("status", 10, 90, "RUNNING", { machine: 1 }),
        span("api", 5, 8, "vm1.run()"),
      ],
      [[20, "console", 1, "Hello"]],
    );
    const lanes = lanesOf(data, eventRows(data));
    expect(lanes.map(({ group, label }) => [group, label])).toEqual([
      ["test", "steps"],
      ["vm1 · CID 2048", "status"],
      ["vm2", "status"],
      [undefined, "console"],
      ["host and device", "calls"],
    ]);
  });

  test("have a row more for what overlaps, up to four", () => {
    const calls = [0, 1, 2, 3, 4, 5].map((start) => span("adb", start, 90, `call ${start}`));
    const data = attempt([...calls, span("adb", 95, 99, "later")]);
    const lanes = lanesOf(data, eventRows(data));
    expect(lanes.map(({ items }) => items.length)).toEqual([2, 1, 1, 3]);
  });

  test("show an assertion at the time when it was decided, and where it belongs", () => {
    const data = attempt([span("assertion", 10, 60, "expect(vm2).toPrint(/x/)", { machine: 1, failed: true })]);
    const lanes = lanesOf(data, eventRows(data));
    expect(lanes.map(({ group, items: [item] }) => [group, item?.startMs, item?.tone])).toEqual([
      ["test", 60, "failed"],
      ["vm2", 60, "failed"],
    ]);
  });

  test("point into the list of events, which is by time", () => {
    const data = attempt(
      [span("step", 30, 40, "later"), span("step", 10, 20, "first")],
      [[15, "console", 0, "between"]],
    );
    const rows = eventRows(data);
    expect(rows.map(({ text }) => text)).toEqual(["first", "between", "later"]);
    const items = lanesOf(data, rows).flatMap((lane) => lane.items);
    expect(items.map(({ text, event }) => rows[event]?.text === text)).toEqual([true, true, true]);
  });
});

test.each([
  ["Kernel panic - not syncing: Attempted to kill init!", true],
  ["Out of memory: Killed process 7", true],
  ["panic=-1 on the command line", false],
  ["no fatalities", false],
])("%j is an alarm: %s", (text, alarm) => {
  expect(isAlarm(text)).toBe(alarm);
});

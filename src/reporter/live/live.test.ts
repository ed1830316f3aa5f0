import { beforeEach, describe, expect, test } from "@jest/globals";
import type { RunEvent, RunEventBody } from "../../artifacts/events.js";
import { drawLive, type Room } from "./draw.js";
import { LiveState } from "./live-state.js";
import { PlainLines } from "./plain-lines.js";

let state: LiveState;
let plain: PlainLines;
let said: string[];
beforeEach(() => {
  state = new LiveState();
  plain = new PlainLines("/p");
  said = [];
});

function tell(atMs: number, body: RunEventBody, pid = 7): void {
  const event: RunEvent = { atMs, pid, ...body };
  said.push(...plain.add(event, state));
  state.add(event);
}

const about = { file: "/p/pair.test.ts", test: "two VMs greet", attempt: 1 };

function busyWorker(): void {
  tell(0, { kind: "process-started", wallMs: 0, worker: "2" });
  tell(1, { kind: "file-started", file: "/p/pair.test.ts" });
  tell(2, { kind: "device-leased", serial: "x", device: "emulated device avf-1", durationMs: 1 });
  tell(1000, { kind: "test-start", ...about });
  for (const [machine, vm] of [
    [1, "vm1"],
    [2, "vm2"],
  ] as const) {
    tell(1100, { kind: "vm-transition", vm, machine, status: "STOPPED" });
  }
  tell(2000, { kind: "vm-transition", vm: "vm2", machine: 2, status: "RUNNING" });
  tell(2500, { kind: "vm-output", vm: "vm2", machine: 2, stream: "console", line: "\u001b[31mHello\u0007 Microdroid" });
  tell(3000, { kind: "step-started", step: 1, title: 'waiting for VM "vm2" to print /Bye/', category: "wait" });
}

// Colours depend on the terminal of the test run.

const draw = (room: Partial<Room> = {}): readonly string[] =>
  drawLive(state, { columns: 80, rows: 20, nowMs: 5000, rootDir: "/p", ...room }).map((line) =>
    line.replace(/\u001b\[\d+m/g, ""),
  );

describe("the live view", () => {
  test("shows device, test, what it waits for, and its VMs with their last lines, running ones first", () => {
    busyWorker();
    const lines = draw();
    expect(lines.map((line) => line.replace(/ {2,}(?=\S)/g, "  ").trim())).toEqual([
      "2 emulated device avf-1",
      "pair.test.ts › two VMs greet  4.0 s",
      'waiting for VM "vm2" to print /Bye/  2.0 s',
      "vm2 RUNNING 3.0 s  Hello Microdroid",
      "vm1 STOPPED 3.9 s",
    ]);
  });

  test.each([20, 40, 200])("fits %d columns, and keeps the times", (columns) => {
    busyWorker();
    for (const line of draw({ columns })) expect(line.length).toBeLessThan(columns);
    expect(draw({ columns })[1]).toMatch(/ 4\.0 s$/);
  });

  test.each([
    ["wide", "界", 2],
    ["an emoji", "🚀", 2],
    ["composed", "e\u0301", 1],
  ])("fits the columns of the terminal with names of characters that are %s", (_which, character, width) => {
    busyWorker();
    const columns = 60;
    const name = character.repeat(100);
    tell(4000, { kind: "test-start", ...about, test: name });
    tell(4000, { kind: "vm-output", vm: "vm2", machine: 2, stream: "console", line: name });
    const lines = draw({ columns }).filter((line) => line.includes(character));
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      const count = line.split(character).length - 1;
      const others = line.replaceAll(character, "").length;
      // Up to one column is left, which no wide character fits into.
      expect(columns - (count * width + others)).toBeGreaterThanOrEqual(1);
      expect(columns - (count * width + others)).toBeLessThanOrEqual(2);
    }
  });

  test("fits the rows there are, and says how many are left out", () => {
    busyWorker();
    expect(draw({ rows: 3 }).at(-1)).toBe("  … 3 lines more");
    expect(draw({ rows: 3 })).toHaveLength(3);
    expect(draw({ rows: -2 })).toEqual([]);
  });

  test("drops finished entries", () => {
    busyWorker();
    tell(6000, { kind: "step-ended", step: 1 });
    tell(6000, { kind: "vm-transition", vm: "vm2", machine: 2, status: "DELETED" });
    tell(6001, { kind: "test-end", ...about, status: "passed", durationMs: 5000, errors: [] });
    tell(6002, { kind: "file-ended", file: "/p/pair.test.ts" });
    tell(6003, { kind: "device-released", serial: "x" });
    expect(draw()).toEqual([]);
  });

  test("has workers in the order of their numbers", () => {
    for (const [pid, worker] of [
      [1, "10"],
      [2, "9"],
    ] as const) {
      tell(0, { kind: "process-started", wallMs: 0, worker }, pid);
      tell(1, { kind: "file-started", file: "/p/x.test.ts" }, pid);
    }
    expect(
      draw()
        .filter((line) => line.includes("no device"))
        .map((line) => line.split(" ")[0]),
    ).toEqual(["9", "10"]);
  });
});

describe("plain lines", () => {
  test("report the device and each finished test", () => {
    busyWorker();
    tell(6000, { kind: "test-end", ...about, status: "failed", durationMs: 5000, errors: ["x"] });
    tell(6001, { kind: "test-start", ...about, test: "left out" });
    tell(6002, { kind: "test-end", ...about, test: "left out", status: "skipped", durationMs: 0, errors: [] });
    expect(said).toEqual(["avf: [2] emulated device avf-1", "avf: [2] ✗ pair.test.ts › two VMs greet (5.0 s)"]);
  });

  test("report what a long test is doing, less and less often", () => {
    busyWorker();
    const told = Array.from({ length: 100 }, (_value, second) => plain.tick(state, second * 1000)).flat();
    expect(told[0]).toBe(
      'avf: [2] pair.test.ts › two VMs greet: 10.0 s so far; waiting for VM "vm2" to print /Bye/; vm1 STOPPED; vm2 RUNNING, last line: Hello Microdroid',
    );
    expect(told.map((line) => /: (\S+ s) so far/.exec(line)?.[1])).toEqual(["10.0 s", "20.0 s", "40.0 s", "80.0 s"]);
  });
});

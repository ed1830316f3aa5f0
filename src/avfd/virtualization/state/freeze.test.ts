import { afterEach, describe, expect, test } from "@jest/globals";
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { until } from "../../../base/testing/until.js";
import { FreezeGate } from "./freeze.js";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

function sleeper(): number {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  children.push(child);
  return child.pid ?? 0;
}

const stateOf = (pid: number): string => / ([A-Zt]) /.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1] ?? "";

describe("freezing monitors", () => {
  test("each is stopped when it says so, and runs again after the thaw", async () => {
    const pids = [sleeper(), sleeper()];
    const gate = new FreezeGate(() => pids);
    expect(await gate.freeze()).toBe(2);
    expect(pids.map(stateOf)).toEqual(["T", "T"]);
    expect(gate.thaw()).toBe(2);
    await until("both to run again", () => pids.every((pid) => stateOf(pid) !== "T"));
  });

  test("one that shows up while others are stopped is stopped as well", async () => {
    const pids = [sleeper()];
    const late = sleeper();
    let looks = 0;
    const gate = new FreezeGate(() => (++looks === 1 ? pids : [...pids, late]));
    expect(await gate.freeze()).toBe(2);
    expect(stateOf(late)).toBe("T");
    expect(gate.thaw()).toBe(2);
  });

  test("nothing may start in between", async () => {
    const gate = new FreezeGate(() => []);
    await gate.open();
    await gate.freeze();
    let opened = false;
    const waiting = gate.open().then(() => (opened = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(opened).toBe(false);
    gate.thaw();
    await waiting;
  });

  test("a monitor that ended meanwhile does no harm, and freezing twice is one freeze", async () => {
    const gate = new FreezeGate(() => [0x7fff_fff0]);
    expect(await gate.freeze()).toBe(1);
    expect(await gate.freeze()).toBe(1);
    gate.thaw();
    await gate.open();
  });
});

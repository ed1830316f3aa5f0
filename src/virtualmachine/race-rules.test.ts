/** The judge of the race of two processes, on made-up races: suites/two-processes.test.ts. */
import { describe, expect, test } from "@jest/globals";
import { brokenRules } from "../../suites/model/race-rules.js";
import type { RaceCall } from "../../suites/model/race.js";

function call(process: string, name: RaceCall["call"], startMs: number, more: Partial<RaceCall> = {}): RaceCall {
  return { process, call: name, name: "vm1", outcome: "ok", words: "", startMs, endMs: startMs + 10, ...more };
}

describe("the rules hold", () => {
  test.each<[string, readonly RaceCall[]]>([
    ["for one after the other", [call("a", "create", 0), call("b", "delete", 20), call("b", "create", 40)]],
    ["for two names", [call("a", "create", 0), call("b", "create", 0, { name: "vm2" })]],
    ["for a delete while a create ends", [call("a", "create", 0), call("b", "delete", 5), call("b", "create", 15)]],
    ["for a failure with an explanation", [call("a", "get", 0, { outcome: "X" }), call("b", "delete", 5)]],
    [
      "for a CID that is used again",
      [call("a", "run", 0, { cid: 9 }), call("a", "stop", 20), call("b", "run", 40, { cid: 9 })],
    ],
    ["for two CIDs at once", [call("a", "run", 0, { cid: 9 }), call("b", "run", 0, { cid: 10 })]],
  ])("%s", (_, calls) => {
    expect(brokenRules(calls)).toEqual([]);
  });
});

describe("a rule is broken", () => {
  test.each<[string, readonly RaceCall[], RegExp]>([
    ["when a name is made twice", [call("a", "create", 0), call("b", "create", 5)], /both made it/],
    [
      "when it was deleted too early",
      [call("a", "delete", 0), call("a", "create", 20), call("b", "create", 40)],
      /both made/,
    ],
    [
      "by a failure out of the blue",
      [call("a", "get", 0, { outcome: "X" }), call("b", "delete", 20)],
      /nobody else touched/,
    ],
    [
      "by a failure that only we can explain",
      [call("a", "run", 0, { outcome: "X" }), call("a", "delete", 5)],
      /nobody else/,
    ],
    [
      "by a stop that fails",
      [call("a", "stop", 0, { outcome: "VM_NOT_RUNNING" }), call("b", "delete", 0)],
      /nobody else/,
    ],
    ["by a CID for two", [call("a", "run", 0, { cid: 9 }), call("b", "run", 5, { cid: 9 })], /ran at once with CID 9/],
    ["by a VM without a CID", [call("a", "run", 0), call("b", "run", 5)], /CID undefined/],
  ])("%s", (_, calls, sentence) => {
    expect(brokenRules(calls)).toEqual([expect.stringMatching(sentence)]);
  });
});

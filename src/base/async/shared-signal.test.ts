import { expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { getEventListeners, getMaxListeners } from "node:events";
import { join } from "node:path";
import { withEitherSignal } from "./shared-signal.js";

/** In a process of its own: Jest's `process` hears of no warning that Node gives. */
function warningsOf(makeController: string): string {
  const script = `
    const { signal } = ${makeController};
    for (let listener = 0; listener < 50; listener++) signal.addEventListener("abort", () => undefined);`;
  return spawnSync(process.execPath, ["-e", script], { encoding: "utf8" }).stderr;
}

test("any number may listen to a shared signal, without a warning; Node 20's own warns", () => {
  const shared = `require(${JSON.stringify(join(__dirname, "../../../dist/base/async/shared-signal.js"))})`;
  expect(warningsOf(`${shared}.sharedController()`)).toBe("");
  const two = "new AbortController().signal, new AbortController().signal";
  expect(warningsOf(`{ signal: ${shared}.eitherSignal(${two}) }`)).toBe("");
  // From Node 22 on a signal has no limit.
  const own = warningsOf("new AbortController()");
  if (getMaxListeners(new AbortController().signal) === 0) expect(own).toBe("");
  else expect(own).toContain("MaxListenersExceededWarning");
});

test("a call fires with the first of its signals, and leaves no listener on them", async () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const call = withEitherSignal([first.signal, undefined, second.signal], async (either) => {
    second.abort(new Error("second"));
    return either.reason as unknown;
  });
  await expect(call).resolves.toThrow("second");
  await expect(withEitherSignal([first.signal], async () => Promise.reject(new Error("work")))).rejects.toThrow("work");
  await withEitherSignal([second.signal], async (either) => expect(either.aborted).toBe(true));
  for (const { signal } of [first, second]) expect(getEventListeners(signal, "abort")).toEqual([]);
});

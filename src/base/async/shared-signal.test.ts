import { expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { getMaxListeners } from "node:events";
import { join } from "node:path";

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

/** What the machine-readable reports say of a failure. */
import type { AttemptModel, TestModel } from "./model/run-model.js";

/** The failure's first line that says something. */
export function firstLine(failure: string): string {
  return (
    failure
      .split("\n")
      .find((line) => line.trim() !== "")
      ?.trim() ?? "failed"
  );
}

/** The first sentence that says what happened: the call of a matcher, which comes first, does not. */
export function reasonOf(failure: string): string {
  const lines = failure.split("\n").map((line) => line.trim());
  const told = lines.filter((line) => line !== "" && !/^at .*:\d+/.test(line));
  const [first = "failed", second, third] = told;
  if (!/^(?:Error: )?expect\(/.test(first) || second === undefined) return first.replace(/^Error: /, "");
  return /^Expected\b/.test(second) && third !== undefined ? `${second}, ${third}` : second;
}

/** `ConsoleWaitError`, `Error`; what stands before the colon of the first line, when that is a name. */
export function errorName(failure: string): string {
  return /^(?:\w*(?:Error|Exception))(?=:|$)/.exec(firstLine(failure))?.[0] ?? "Error";
}

/** All failures of the last attempt; of a test that was cut short, what is known. */
export function failureText(test: TestModel): string {
  if (test.failures.length > 0) return test.failures.join("\n\n");
  const errors = test.attempts.at(-1)?.errors ?? [];
  if (errors.length > 0) return errors.join("\n\n");
  if (test.outcome !== "unfinished") return "failed";
  const step = test.attempts.at(-1)?.steps.findLast(({ failure }) => failure !== undefined);
  const busy = step === undefined ? "" : ` It was busy with this: ${step.title}.`;
  return `The run was cut short before this test ended.${busy}`;
}

/** Where in the test's file it failed: the first frame of its stack that lies there. */
export function failureLine(test: TestModel): { readonly line: number; readonly column: number } | undefined {
  for (const line of failureText(test).split("\n")) {
    const at = line.lastIndexOf(test.file);
    const place = at < 0 ? null : /^:(\d+):(\d+)\)?$/.exec(line.slice(at + test.file.length).trimEnd());
    if (place !== null) return { line: Number(place[1]), column: Number(place[2]) };
  }
  return test.line === undefined ? undefined : { line: test.line, column: 1 };
}

/** Failed, or cut off: neither passed nor left out on purpose. */
export function isBad(test: TestModel): boolean {
  return test.outcome === "failed" || test.outcome === "unfinished";
}

/** What a test ran on: `emulated device avf-1 (Android 15, tcg)`. */
export function deviceOf(test: TestModel): string | undefined {
  return test.attempts.findLast(({ device }) => device !== undefined)?.device?.description;
}

export function vmmOf(test: TestModel): string | undefined {
  return test.attempts.findLast(({ vmm }) => vmm !== undefined)?.vmm;
}

/** Who ran it: `worker 2`, or `shard 2/4 on lab-7, worker 2`. */
export function workerOf({ place, worker = "1" }: Pick<AttemptModel, "place" | "worker">): string {
  return place === undefined ? `worker ${worker}` : `${place}, worker ${worker}`;
}

/** Tests of one file and one of Jest's projects, in the order of their first ones. */
export function byFile(tests: readonly TestModel[]): readonly (readonly [TestModel, ...TestModel[]])[] {
  const groups = new Map<string, [TestModel, ...TestModel[]]>();
  for (const test of tests) {
    const key = JSON.stringify([test.project ?? "", test.file]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [test]);
    else group.push(test);
  }
  return [...groups.values()];
}

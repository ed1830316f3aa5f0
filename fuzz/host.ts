/** Runs a parser of this host on mutated input, in a thread that is ended when one input takes too long. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { MAX_INPUT_BYTES, SHARED_HEAD_BYTES, type WorkerAnswer, type WorkerInput } from "./worker.js";

const INPUT_TIMEOUT_MS = 10_000;
const WATCH_EVERY_MS = 500;
const MEMORY_MIB = 1024;

export interface HostRun {
  readonly runs: number;
  readonly accepted: number;
  /** What is wrong, with the file that has the input. */
  readonly fault: string | undefined;
}

export async function runHost(
  name: string,
  options: { readonly seconds: number; readonly seed: number; readonly findings: string },
): Promise<HostRun> {
  const shared = new SharedArrayBuffer(SHARED_HEAD_BYTES + MAX_INPUT_BYTES);
  const input: WorkerInput = { name, seed: options.seed, seconds: options.seconds, shared };
  const worker = new Worker(join(__dirname, "worker.js"), {
    workerData: input,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MIB },
  });
  const answer = await new Promise<WorkerAnswer>((resolve) => {
    const watch = watchInputs(shared, () => {
      resolve({ kind: "fault", why: `one input took more than ${INPUT_TIMEOUT_MS} ms` });
    });
    const settle = (result: WorkerAnswer): void => {
      clearInterval(watch);
      resolve(result);
    };
    worker.once("message", settle);
    worker.once("error", (error) => settle({ kind: "fault", why: error.stack ?? error.message }));
    worker.once("exit", (code) => settle({ kind: "fault", why: `the thread ended with code ${code}` }));
  });
  await worker.terminate();
  const [begun = 0, size = 0] = new Int32Array(shared, 0, 2);
  if (answer.kind === "done") {
    const { runs, accepted } = answer;
    return { runs, accepted, fault: runs === 0 || accepted === 0 ? "It accepted no input." : undefined };
  }
  const file = join(options.findings, `${name}-${options.seed}-${begun}`);
  writeFileSync(file, Buffer.from(shared, SHARED_HEAD_BYTES, size));
  return { runs: begun, accepted: 0, fault: `${answer.why}\nThe input is in ${file}` };
}

function watchInputs(shared: SharedArrayBuffer, onStuck: () => void): NodeJS.Timeout {
  const head = new Int32Array(shared, 0, 2);
  let seen = 0;
  let sinceMs = performance.now();
  const watch = setInterval(() => {
    const begun = Atomics.load(head, 0);
    if (begun !== seen || begun === 0) {
      seen = begun;
      sinceMs = performance.now();
    } else if (performance.now() - sinceMs > INPUT_TIMEOUT_MS) {
      clearInterval(watch);
      onStuck();
    }
  }, WATCH_EVERY_MS);
  return watch;
}

/** The thread that parses: its current input is in shared memory, so that the watching thread has it if it hangs. */
import { parentPort, workerData } from "node:worker_threads";
import { mutate, random } from "./mutate.js";
import { isRefusal, parsers } from "./parsers.js";

export interface WorkerInput {
  readonly name: string;
  readonly seed: number;
  readonly seconds: number;
  /** Two numbers: how many inputs were begun, and the size of the present one; then its bytes. */
  readonly shared: SharedArrayBuffer;
}

export type WorkerAnswer =
  | { readonly kind: "done"; readonly runs: number; readonly accepted: number }
  | { readonly kind: "fault"; readonly why: string };

export const SHARED_HEAD_BYTES = 8;
export const MAX_INPUT_BYTES = 1 << 18;
const CHECK_CLOCK_EVERY = 16;

async function main({ name, seed, seconds, shared }: WorkerInput): Promise<WorkerAnswer> {
  const parser = (await parsers()).find((one) => one.name === name);
  if (!parser) throw new Error(`no parser ${name}`);
  const head = new Int32Array(shared, 0, 2);
  const present = new Uint8Array(shared, SHARED_HEAD_BYTES);
  const pick = random(seed);
  const endMs = performance.now() + seconds * 1000;
  let accepted = 0;
  let runs = 0;
  const inputs = [...parser.seeds];
  for (; runs % CHECK_CLOCK_EVERY !== 0 || performance.now() < endMs; runs += 1) {
    const input = (inputs[runs] ?? mutate(parser.seeds, parser.tokens, pick)).subarray(0, MAX_INPUT_BYTES);
    present.set(input);
    Atomics.store(head, 1, input.length);
    Atomics.add(head, 0, 1);
    try {
      await parser.parse(Buffer.from(input));
      accepted += 1;
    } catch (error) {
      if (!isRefusal(error))
        return { kind: "fault", why: error instanceof Error ? (error.stack ?? error.message) : String(error) };
      if (runs < inputs.length) return { kind: "fault", why: `seed ${runs} is refused: ${String(error)}` };
    }
  }
  return { kind: "done", runs, accepted };
}

const port = parentPort;
if (port) {
  main(workerData as WorkerInput).then(
    (answer) => port.postMessage(answer),
    (error: unknown) => port.postMessage({ kind: "fault", why: String(error) } satisfies WorkerAnswer),
  );
}

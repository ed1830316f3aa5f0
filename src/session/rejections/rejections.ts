/**
 * Promises that a test file left alone and that were rejected, as Jest reports them. Jest makes failures of them by
 * itself, some only behind the end of the test; `take` has those of a test fail it at its end, before its outcome is reported.
 */
import type { Circus } from "@jest/types";
import { thrownError, withNote, type JestError } from "../failures/test-errors.js";
import { failedCall, isTestOver, originalOf } from "./failed-call.js";

type ByPromise = Map<Promise<unknown>, unknown>;
/** Jest 30.5 keeps this of rejections, and knows which test each is of. */
type Owned = Circus.State & { readonly unhandledRejectionErrorByPromiseTarget?: WeakMap<Promise<unknown>, ByPromise> };

export class Rejections {
  readonly #unhandled: ByPromise = new Map();
  readonly #explained = new WeakSet();

  onEvent(event: Circus.SyncEvent & { readonly name: "error" | "error_handled" }): void {
    const { promise } = event as { readonly promise?: Promise<unknown> };
    if (promise === undefined) return;
    if (event.name === "error_handled") this.#unhandled.delete(promise);
    else this.#unhandled.set(promise, event.error);
  }

  /** Whether an error is one that nobody awaited. */
  has(error: unknown): boolean {
    const original = typeof error === "object" && error !== null ? originalOf(error) : error;
    return [...this.#unhandled.values()].includes(original);
  }

  /** The test is at its end: adds what Jest holds ready for it to its errors. Returns what was added. */
  async take(test: Circus.TestEntry, state: Circus.State): Promise<readonly JestError[]> {
    await untilToldOf();
    const owned: Owned = state;
    const maps = [test.unhandledRejectionErrorByPromise];
    // Before 30.5 Jest took the test that is at its end for none.
    if (owned.unhandledRejectionErrorByPromiseTarget === undefined) maps.push(state.unhandledRejectionErrorByPromise);
    const taken = maps.flatMap((map) => {
      const errors = [...map.values()];
      for (const promise of map.keys()) owned.unhandledRejectionErrorByPromiseTarget?.delete(promise);
      map.clear();
      return errors.map((error): JestError => [error, test.asyncError]);
    });
    (test.errors as JestError[]).push(...taken);
    return taken;
  }

  /**
   * Says of each error that nobody awaited it, and which call it came from. In a test that failed anyway its end is the end
   * of what was open, and no failure of its own. Changes `errors`; repeatable.
   */
  explain(errors: JestError[]): void {
    const cut = errors.filter(
      (entry) => isTestOver(thrownError(entry)) && failedCall(thrownError(entry)) !== undefined,
    );
    const isCauseOfAll = cut.length === errors.length;
    if (!isCauseOfAll) {
      errors.splice(0, errors.length, ...errors.filter((entry) => !cut.includes(entry)));
      const calls = cut.map((entry) => `  ${failedCall(thrownError(entry))?.what ?? ""}`);
      if (calls.length > 0) errors[0] = withNote(errors[0], ["Still open then, and not awaited:", ...calls].join("\n"));
    }
    for (const [at, entry] of errors.entries()) {
      const error = thrownError(entry);
      const call = failedCall(error);
      if (call === undefined || !this.has(error) || isTestOver(error) || this.#explained.has(error as object)) continue;
      this.#explained.add(error as object);
      errors[at] = withNote(entry, `${call.what} was not awaited.`);
    }
  }
}

/** Node reports a rejection after all promises have had their turn. */
async function untilToldOf(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

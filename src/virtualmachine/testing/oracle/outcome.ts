/** Our errors, in the form in which the driver of Android's classes reports theirs. */
import { isHarnessError } from "../../../base/errors.js";
import type { Outcome } from "./cases.js";

/** Anything else than an error of ours is a fault of the port, and is thrown on. */
export function outcomeOf(call: () => unknown): Outcome {
  try {
    return { ok: call() ?? null };
  } catch (error) {
    return failure(error);
  }
}

export async function outcomeOfAsync(call: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { ok: (await call()) ?? null };
  } catch (error) {
    return failure(error);
  }
}

const TOLD_CAUSES = ["IllegalArgumentException", "IllegalStateException", "NullPointerException"];

function failure(error: unknown): Outcome {
  if (!isHarnessError(error)) throw error;
  const { cause } = error;
  const told = { error: error.constructor.name, message: error.shortMessage };
  return isHarnessError(cause) && TOLD_CAUSES.includes(cause.constructor.name)
    ? { ...told, cause: { error: cause.constructor.name, message: cause.shortMessage } }
    : told;
}

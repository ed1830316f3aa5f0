/** One text for what a call came to, to write tables of expectations with. */
import { isHarnessError } from "../../base/errors.js";

/** `CODE: message` of the failure, or the value as JSON; `ok` for undefined. */
export async function outcomeOf(call: () => unknown): Promise<string> {
  try {
    const value = await call();
    return value === undefined ? "ok" : JSON.stringify(value);
  } catch (error) {
    if (isHarnessError(error)) return `${error.code}: ${error.message.replace(/\nName of the VM: "[^"]*"\.$/m, "")}`;
    throw error;
  }
}

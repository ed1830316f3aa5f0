/** Options that are taken as Android's tool takes them and do nothing here: a warning says so, beside what the monitor says. */
import type { Caller } from "../../caller.js";
import type { ParsedArguments } from "./command-line/arguments.js";

/** Those that its release marks with `effect: "none"`. */
export function tellOfNoEffect(caller: Caller, { withoutEffect }: ParsedArguments): void {
  for (const name of withoutEffect) caller.printError(`Warning: --${name} has no effect on the emulated device`);
}

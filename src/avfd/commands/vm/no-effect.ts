/** Options that are taken as Android's tool takes them and do nothing here: a warning says so, beside what the monitor says. */
import type { Caller } from "../../caller.js";
import type { ParsedArguments } from "./command-line/arguments.js";

/** Hints about how fast a VM is to be: its monitor runs on a processor that is emulated, in a kernel without uclamp. */
const FLAGS = ["hugepages", "boost-uclamp"];
const VALUES = ["task-profiles", "cpu-affinity"];

export function tellOfNoEffect(caller: Caller, args: ParsedArguments): void {
  const given = [
    ...FLAGS.filter((name) => args.flag(name)),
    ...VALUES.filter((name) => args.values(name).length > 0 || args.value(name) !== undefined),
  ];
  for (const name of given) caller.printError(`Warning: --${name} has no effect on the emulated device`);
}

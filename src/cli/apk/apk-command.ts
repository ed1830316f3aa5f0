/** How `avf apk` and `avf idsig` answer: exit 1 and the reason for refused files, exit 2 for wrong command lines. */
import { isApkError } from "../../apk/index.js";
import { describeError, UsageError } from "../../base/errors.js";
import { printable } from "../../base/printable.js";
import { parseCommandLine, type ParsedCommandLine } from "../command-line.js";
import { usageOf } from "../help.js";
import type { CommandName } from "../commands.js";

/** @param count how many arguments without a name there may be */
export async function answer<Name extends CommandName>(
  name: Name,
  args: readonly string[],
  count: { readonly least: number; readonly most: number },
  action: (parsed: ParsedCommandLine<Name>) => Promise<number>,
): Promise<number> {
  try {
    return await action(parseCommandLine(name, args, count));
  } catch (error) {
    if (error instanceof UsageError) {
      const usage = error.hint === undefined ? `${usageOf(name)}\n` : "";
      process.stderr.write(`avf: ${printable(error.message)}\n${usage}`);
      return 2;
    }
    if (!isApkError(error)) throw error;
    process.stderr.write(`avf: refused, ${error.code}: ${printable(describeError(error))}\n`);
    return 1;
  }
}

/** How `avf apk` and `avf idsig` answer: exit 1 and the reason for refused files, exit 2 for wrong command lines. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { isApkError } from "../apk/index.js";
import { describeError, UsageError } from "../base/errors.js";
import { printable } from "../base/printable.js";

/** @param usage printed below the reason when the command line is wrong */
export async function answer(usage: string, action: () => Promise<number>): Promise<number> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`avf: ${printable(error.message)}\n${usage}`);
      return 2;
    }
    if (!isApkError(error) && !isSystemError(error)) throw error;
    process.stderr.write(`avf: refused, ${error.code}: ${printable(describeError(error))}\n`);
    return 1;
  }
}

type Parsed<Options extends NonNullable<ParseArgsConfig["options"]>> = ReturnType<
  typeof parseArgs<{ args: string[]; options: Options; allowPositionals: true; strict: true }>
>;

/** `parseArgs`, strict, with a fixed range of positional arguments. */
export function parseCommand<const Options extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: Options,
  names: { readonly required: readonly string[]; readonly optional?: readonly string[] },
): Parsed<Options> {
  const parsed = parseStrictly(args, options);
  const most = names.required.length + (names.optional?.length ?? 0);
  const missing = names.required[parsed.positionals.length];
  if (missing !== undefined) throw new UsageError("MISSING_ARGUMENT", `${missing} is missing`);
  const surplus = parsed.positionals[most];
  if (surplus !== undefined) throw new UsageError("SURPLUS_ARGUMENT", `"${surplus}" is one argument too many`);
  return parsed;
}

function parseStrictly<const Options extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  } catch (cause) {
    throw new UsageError("BAD_OPTION", describeError(cause), { cause });
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return typeof error === "object" && error !== null && "syscall" in error && "code" in error;
}

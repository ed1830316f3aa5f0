/** Quoting for the shell of a device (mksh, toybox sh, busybox ash): the one place where arguments become text. */
import { UsageError } from "../../../base/errors.js";

/** adb's smart-socket protocol counts a service request in four hex digits, prefix and serial included. */
const MAX_COMMAND_BYTES = 60_000;

const PLAIN = /^[A-Za-z0-9_@%+:,./-]+$/;
const RESERVED = new Set(
  "if then else elif fi case esac for while until do done in function select time coproc".split(" "),
);

/** One word as the shell will read it back, byte for byte. Text without special characters stays as it is. */
export function escapeArg(argument: string): string {
  if (argument.includes("\0")) {
    throw new UsageError("NUL_IN_ARGUMENT", `An argument for the device holds a NUL: ${JSON.stringify(argument)}.`);
  }
  if (PLAIN.test(argument) && !RESERVED.has(argument)) return argument;
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}

/** A whole command line. */
export function escapeCommand(argv: readonly string[]): string {
  if (argv.length === 0 || argv[0] === "")
    throw new UsageError("NO_PROGRAM", "A command for the device needs a program.");
  const command = argv.map(escapeArg).join(" ");
  if (Buffer.byteLength(command) > MAX_COMMAND_BYTES) {
    throw new UsageError(
      "COMMAND_TOO_LONG",
      `A command of ${Buffer.byteLength(command)} bytes does not fit through adb (limit ${MAX_COMMAND_BYTES}): ${argv[0] ?? ""}`,
      { hint: "push a file with the data and hand its path to the command" },
    );
  }
  return command;
}

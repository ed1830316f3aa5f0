/** How a shell command of Android's Java services reports what it threw (`android.os.BasicShellCommandHandler`). */
import type { Caller } from "../caller.js";

const EXCEPTION_EXIT_CODE = 255;

export class JavaException extends Error {
  constructor(
    readonly exception: string,
    message: string,
  ) {
    super(message);
  }
}

export function printJavaException(caller: Caller, command: string, exception: string, message: string): number {
  caller.printError(`\nException occurred while executing '${command}':`);
  caller.printError(`${exception}: ${message}`);
  return EXCEPTION_EXIT_CODE;
}

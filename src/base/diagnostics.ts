/** What went wrong beside the work at hand, for the person who looks at the terminal. */
import { printable } from "./printable.js";

/** One message of possibly several lines on stderr, where progress goes too. */
export function printDiagnostic(message: string): void {
  process.stderr.write(printable(`avf: ${message}\n`));
}

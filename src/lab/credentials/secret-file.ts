/** Reads a secret from the file that a variable of the environment names, where nobody else can read or write it. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { describeError, UsageError } from "../../base/errors.js";
import { quoted } from "../../base/text/quoted.js";

interface SecretFile {
  /** The variable that names it. */
  readonly variable: string;
  readonly path: string;
  readonly maxBytes: number;
  /** Where such a secret comes from. */
  readonly hint: string;
  /** What to do about one that others have read. */
  readonly replace: string;
}

/**
 * @returns its text as it is
 * @throws UsageError `LAB_CREDENTIALS`, which does not repeat it
 */
export function readSecretFile(file: SecretFile): string {
  const { variable, path, maxBytes } = file;
  let fd: number | undefined;
  try {
    // A pipe would let nobody through before somebody writes to it. Windows has no such flag.
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    requirePrivate(file, fd);
    const bytes = Buffer.alloc(maxBytes + 1);
    const count = readSync(fd, bytes, 0, bytes.length, null);
    if (count > maxBytes) throw bad(file, `${path}, which ${variable} names, has more than ${maxBytes} bytes.`);
    return bytes.toString("utf8", 0, count);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw bad(file, `${variable} cannot be read: ${describeError(error)}.`);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Of the open file, for a name may come to be another's. Windows has no such modes. */
function requirePrivate(file: SecretFile, fd: number): void {
  const { variable, path, replace } = file;
  const stat = fstatSync(fd);
  if (!stat.isFile()) throw bad(file, `${variable} names ${path}, which is no file.`);
  const user = process.geteuid?.();
  if (user === undefined) return;
  if ((stat.mode & 0o077) !== 0) {
    throw new UsageError("LAB_CREDENTIALS", `Others may read the token in ${path}, which ${variable} names.`, {
      hint: `chmod 600 ${quoted(path)}; if they have read it already, ${replace}`,
    });
  }
  if (stat.uid !== user && stat.uid !== 0) throw bad(file, `${path}, which ${variable} names, is another user's.`);
}

function bad({ hint }: SecretFile, message: string): UsageError {
  return new UsageError("LAB_CREDENTIALS", message, { hint });
}

/** Texts of errno values as C's strerror and Rust print them; Node has its own wording, which no Android tool uses. */
import { constants } from "node:os";

const TEXTS: Readonly<Record<string, string>> = {
  EPERM: "Operation not permitted",
  ENOENT: "No such file or directory",
  EIO: "I/O error",
  ENXIO: "No such device or address",
  EACCES: "Permission denied",
  EADDRINUSE: "Address already in use",
  EBUSY: "Device or resource busy",
  EEXIST: "File exists",
  ENODEV: "No such device",
  ENOTDIR: "Not a directory",
  EISDIR: "Is a directory",
  EINVAL: "Invalid argument",
  EMFILE: "Too many open files",
  ETXTBSY: "Text file busy",
  EFBIG: "File too large",
  ENOSPC: "No space left on device",
  EROFS: "Read-only file system",
  ENAMETOOLONG: "File name too long",
  ELOOP: "Too many symbolic links encountered",
};

const names = new Map(Object.entries(constants.errno).map(([name, value]) => [value, name]));

export function describeErrno(errno: number): string {
  return TEXTS[names.get(errno) ?? ""] ?? `Unknown error ${errno}`;
}

/** The errno of an error that Node threw; undefined for any other. */
export function errnoOf(error: unknown): number | undefined {
  const errno = (error as NodeJS.ErrnoException | undefined)?.errno;
  return typeof errno === "number" ? Math.abs(errno) : undefined;
}

/** `Permission denied (os error 13)` for system errors, the message for others. */
export function describeSystemError(error: unknown): string {
  const errno = errnoOf(error);
  if (errno !== undefined && names.has(errno)) return `${describeErrno(errno)} (os error ${errno})`;
  return error instanceof Error ? error.message : String(error);
}

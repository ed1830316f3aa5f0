/** Whether a folder can be written, or made where it is not there yet. Changes nothing. */
import { accessSync, constants, lstatSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";

interface WriteProblem {
  /** The folder itself, or the one that it would be made in. */
  readonly folder: string;
  /** E.g. `/x is on a file system that is read-only`. */
  readonly reason: string;
  readonly code: string;
}

export function inspectWritable(path: string): WriteProblem | undefined {
  const folder = nearest(path);
  const code = refusal(folder);
  return code === undefined ? undefined : { folder, code, reason: `${folder} ${WORDS[code] ?? `answers ${code}`}` };
}

const WORDS: Readonly<Record<string, string>> = {
  EACCES: "may not be written by this user",
  EPERM: "may not be written by this user",
  EROFS: "is on a file system that is read-only",
  ENOTDIR: "is no folder",
  ELOOP: "is a link that leads to itself",
  ENOENT: "is a link that leads nowhere",
  ENAMETOOLONG: "has too long a name",
  KERNEL: "is the kernel's, where no files can be made",
};

/** Of `statfs`: /proc and /sys, which let root pass as if it could write there. */
const KERNEL_FILE_SYSTEMS = [0x9fa0, 0x62656572];

/** The error that stands against reading, making and removing files there. */
function refusal(folder: string): string | undefined {
  try {
    if (!statSync(folder).isDirectory()) return "ENOTDIR";
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return KERNEL_FILE_SYSTEMS.includes(statfsSync(folder).type) ? "KERNEL" : undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "EIO";
  }
}

/** A link that leads nowhere counts as being there. */
function nearest(path: string): string {
  try {
    lstatSync(path);
    return path;
  } catch {
    const parent = dirname(path);
    return parent === path ? path : nearest(parent);
  }
}

/** What a file that is written under another name first takes the place of. */
import { lstatSync, realpathSync, type Stats } from "node:fs";
import { UsageError } from "../errors.js";

export interface ReplacedFile {
  /** Behind links, so that those stay. */
  readonly path: string;
  /** Of the file that is there. */
  readonly mode?: number;
}

/**
 * What is there is replaced as `cp` would write to it.
 * @throws UsageError for a device, a pipe, a folder or a link to nowhere: a rename would take their place
 */
export function replacedFile(named: string): ReplacedFile {
  const path = realPath(named);
  const old: Stats | undefined = lstatSync(path, { throwIfNoEntry: false });
  if (old === undefined) return { path };
  if (old.isFile()) return { path, mode: old.mode & 0o777 };
  throw new UsageError("NOT_A_FILE", `${named} is not a plain file, and is not replaced.`, {
    hint: "name another file",
  });
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** What a run needs of its cache: asked by `avf doctor`, and by the run itself before it writes there. */
import { accessSync, constants, lstatSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { inspectOwnership, quoted, type OwnershipProblem } from "./ownership.js";

export interface CacheProblem extends OwnershipProblem {
  readonly code: "CACHE_UNTRUSTED" | "CACHE_UNUSABLE";
}

/** Undefined: nothing is wrong with it, or it can be made. Changes nothing. */
export function inspectCache(path: string): CacheProblem | undefined {
  return inspectTrust(path) ?? inspectAccess(path);
}

/** Whether what is in it may be believed; all that those need who only read. */
export function inspectTrust(path: string): CacheProblem | undefined {
  const problem = [path, ...entriesOf(path)].map(inspectOwner).find((each) => each !== undefined);
  return problem && { code: "CACHE_UNTRUSTED", ...problem };
}

/** Of what lies in it, only the owner matters: nobody else gets there. */
function inspectOwner(path: string, index: number): OwnershipProblem | undefined {
  if (index === 0) return inspectOwnership(path);
  const uid = lstatSync(path, { throwIfNoEntry: false })?.uid;
  return uid === undefined || uid === process.geteuid?.() ? undefined : inspectOwnership(path);
}

function inspectAccess(path: string): CacheProblem | undefined {
  const there = nearest(path);
  const folders = [there, ...(there === path ? entriesOf(path) : [])];
  for (const folder of folders) {
    const code = refusal(folder);
    if (code === undefined) continue;
    const what = there === path ? `The cache ${path} cannot be used` : `The cache ${path} cannot be made`;
    return {
      code: "CACHE_UNUSABLE",
      reason: `${what}: ${folder} ${WORDS[code] ?? `answers ${code}`}`,
      fix: fixOf(folder, code),
    };
  }
  return undefined;
}

const WORDS: Readonly<Record<string, string>> = {
  EACCES: "may not be written by this user",
  EPERM: "may not be written by this user",
  EROFS: "is on a file system that is read-only",
  ENOTDIR: "is no folder",
  ELOOP: "is a link that leads to itself",
  ENOENT: "is a link that leads nowhere",
  ENAMETOOLONG: "has too long a name",
};

function fixOf(folder: string, code: string): string {
  const another = "name another folder: AVF_CACHE_DIR=/path/to/cache";
  if (code !== "EACCES") return another;
  const [self, owner] = [process.geteuid?.(), lstatSync(folder, { throwIfNoEntry: false })?.uid];
  if (owner === self) return `chmod u+rwx ${quoted(folder)}; or ${another}`;
  // What root made for this user, in a command that was begun with sudo.
  return owner === 0 ? `if sudo made it: sudo chown -R ${self} ${quoted(folder)}; else ${another}` : another;
}

/** The error that stands against reading, making and removing files there. */
function refusal(folder: string): string | undefined {
  try {
    if (!statSync(folder).isDirectory()) return "ENOTDIR";
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "EIO";
  }
}

/** The folder itself, or what it would be made in. A link that leads nowhere counts as being there. */
function nearest(path: string): string {
  try {
    lstatSync(path);
    return path;
  } catch {
    const parent = dirname(path);
    return parent === path ? path : nearest(parent);
  }
}

/** Folders in it, whatever they are for. */
function entriesOf(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(path, name));
  } catch {
    return [];
  }
}

/** What a run needs of its cache: asked by `avf doctor`, and by the run itself before it writes there. */
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { inspectWritable } from "../files/writable.js";
import { quoted } from "../text/quoted.js";
import { inspectOwnership, type OwnershipProblem } from "./ownership.js";

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
  const problem = [path, ...entriesOf(path)].map(inspectWritable).find((each) => each !== undefined);
  if (problem === undefined) return undefined;
  const { folder, reason, code } = problem;
  const what = folder.startsWith(path) ? `The cache ${path} cannot be used` : `The cache ${path} cannot be made`;
  return { code: "CACHE_UNUSABLE", reason: `${what}: ${reason}`, fix: fixOf(folder, code) };
}

function fixOf(folder: string, code: string): string {
  const another = "name another folder: AVF_CACHE_DIR=/path/to/cache";
  if (code !== "EACCES") return another;
  const [self, owner] = [process.geteuid?.(), lstatSync(folder, { throwIfNoEntry: false })?.uid];
  if (owner === self) return `chmod u+rwx ${quoted(folder)}; or ${another}`;
  // What root made for this user, in a command that was begun with sudo.
  return owner === 0 ? `if sudo made it: sudo chown -R ${self} ${quoted(folder)}; else ${another}` : another;
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

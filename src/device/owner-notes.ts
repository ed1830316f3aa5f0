/** What this process put on a device, written down for the next user of the device, in case this process is killed. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { openCache } from "../base/cache/cache.js";
import { replaceFileSync, sweepDrafts } from "../process/drafts.js";
import type { ProcessIdentity } from "../process/identity.js";
import { isGone, self } from "../process/life.js";
import { leasePath } from "./lease.js";

export interface OwnerNote {
  /** Takes the place of what it said before. */
  write(content: unknown): void;
  remove(): void;
}

export interface LeftNote {
  readonly content: unknown;
  /** What of it is still there. */
  write(content: unknown): void;
  /** What it describes is gone. */
  remove(): void;
}

/** Folders of the cache. What a file test put there is one thing, what a push needs for a moment another. */
type NoteKind = "left-on-devices" | "temporary-on-devices" | "pulled-from-devices";

let notes = 0;

export function openOwnerNote(serial: string, kind: NoteKind = "left-on-devices"): OwnerNote {
  const path = join(folderOf(serial, kind), `${process.pid}-${++notes}-${randomBytes(4).toString("hex")}.json`);
  return {
    write: (content) => {
      openCache();
      mkdirSync(dirname(path), { recursive: true });
      writeNote(path, { owner: self(), content });
    },
    remove: () => rmSync(path, { force: true }),
  };
}

/** Notes of processes that are gone, newest first. To be called under the lease of the device. */
export async function leftNotes(serial: string, kind: NoteKind = "left-on-devices"): Promise<readonly LeftNote[]> {
  const folder = folderOf(serial, kind);
  await sweepDrafts(folder);
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith(".json"))
    .sort()
    .reverse()
    .flatMap((name) => {
      const path = join(folder, name);
      const note = read(path);
      if (note?.owner !== undefined && !isGone(note.owner)) return [];
      const write = (content: unknown): void => writeNote(path, { owner: note?.owner, content });
      return [{ content: note?.content, write, remove: () => rmSync(path, { force: true }) }];
    });
}

function writeNote(
  path: string,
  note: { readonly owner: ProcessIdentity | undefined; readonly content: unknown },
): void {
  replaceFileSync(path, JSON.stringify(note));
}

function read(path: string): { readonly owner?: ProcessIdentity; readonly content?: unknown } | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as { owner?: ProcessIdentity; content?: unknown };
  } catch {
    return undefined;
  }
}

/** Beside the leases, by the same name. */
function folderOf(serial: string, kind: NoteKind): string {
  const lease = leasePath(serial);
  return join(dirname(lease), "..", kind, basename(lease, ".json"));
}

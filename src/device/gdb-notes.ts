/** Where the gdb stubs of VMs that run are reached on this host: a note each in the user's cache, for `avf gdb`. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openCache } from "../base/cache/cache.js";
import { cacheFolder } from "../base/paths.js";
import { replaceFileSync } from "../process/drafts.js";
import type { ProcessIdentity } from "../process/identity.js";
import { isGone, self } from "../process/life.js";

export interface GdbNote {
  readonly vm: string;
  readonly serial: string;
  /** On 127.0.0.1. */
  readonly port: number;
}

const NAME = /^[0-9a-f]{16}\.json$/;
const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;

/** Returns what removes the note. A cache that cannot be written to costs the note, and no VM. */
export function noteGdb(note: GdbNote): () => void {
  const name = `${randomBytes(8).toString("hex")}.json`;
  try {
    openCache();
    mkdirSync(folder(), { recursive: true, mode: PRIVATE_FOLDER });
    replaceFileSync(join(folder(), name), JSON.stringify({ ...note, owner: self() }), PRIVATE_FILE);
  } catch {
    return () => undefined;
  }
  return () => removeGdbNote(name);
}

/** Those whose process lives; notes of dead ones are removed. */
export function listGdbNotes(): readonly GdbNote[] {
  if (!existsSync(folder())) return [];
  return readdirSync(folder())
    .filter((name) => NAME.test(name))
    .flatMap((name) => {
      const note = readNote(name);
      if (note === undefined) return [];
      if (!isGone(note.owner)) return [note];
      removeGdbNote(name);
      return [];
    });
}

function readNote(name: string): (GdbNote & { readonly owner: ProcessIdentity }) | undefined {
  try {
    const note = JSON.parse(readFileSync(join(folder(), name), "utf8")) as GdbNote & {
      readonly owner: ProcessIdentity;
    };
    const isNote = typeof note.vm === "string" && typeof note.serial === "string" && Number.isInteger(note.port);
    return isNote && typeof note.owner === "object" ? note : undefined;
  } catch {
    return undefined;
  }
}

function removeGdbNote(name: string): void {
  rmSync(join(folder(), name), { force: true });
}

function folder(): string {
  return join(cacheFolder(), "gdb");
}

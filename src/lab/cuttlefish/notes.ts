/**
 * What is written down of devices that were made for us, and of operations that may make something, so that the next run on
 * this host removes what dead processes have left.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { AsyncLock } from "../../base/async/async-lock.js";
import { openCache, PRIVATE_FILE, PRIVATE_FOLDER } from "../../base/cache/cache.js";
import { writeFileAtomic } from "../../base/files/atomic-file.js";
import type { ProcessIdentity } from "../../process/identity.js";
import { isGone, self } from "../../process/life.js";
import { parseCuttlefishAddress } from "./address.js";
import { readCredentials } from "./api/credentials.js";
import { isOurs, newGroupName } from "./environment-config.js";
import { isName } from "./api/answers.js";
import { Orchestrator, type OperationWatch } from "./api/orchestrator.js";
import { ABSENCES } from "./remove-group.js";
import { removeLeftovers, type Leftovers } from "./leftovers.js";
import { isSnapshotId } from "./checkpoints/snapshots.js";

export interface GuardedGroup {
  /** `cuttlefish://…`, which has no credentials in it: the process that removes the group reads its own. */
  readonly address: string;
  readonly group: string;
}

const REMOVE_TIMEOUT_MS = 60_000;

interface Note extends Leftovers {
  readonly address: string;
  readonly owner: ProcessIdentity;
}

interface WrittenNote extends OperationWatch {
  /** To be called before it is made. */
  addSnapshot(id: string): Promise<void>;
  readonly left: Leftovers;
  done(): void;
}

export async function noteGroup({ address, group }: GuardedGroup): Promise<WrittenNote> {
  const note = makeNote(address, group, true);
  await note.write();
  return note;
}

/** Of a device that was only taken: the note is there as long as an operation may leave something behind. */
export function noteOperations(address: string): OperationWatch {
  return makeNote(address, newGroupName(), false);
}

function makeNote(address: string, group: string, isMade: boolean): WrittenNote & { write(): Promise<void> } {
  const path = notePath(group);
  const snapshots: string[] = [];
  const operations = new Set<string>();
  let asked = 0;
  let isDone = false;
  /** One after the other, so that the last has all. */
  const turns = new AsyncLock();
  const left = (): Leftovers => ({ group, isMade, snapshots, operations: [...operations], asked });
  const write = (): Promise<void> =>
    turns.run(async () => {
      if (isDone) return;
      if (!isMade && operations.size === 0 && asked === 0) return rmSync(path, { force: true });
      const note: Note = { address, owner: self(), ...left() };
      await writeFileAtomic(path, JSON.stringify(note), { mode: PRIVATE_FILE, folderMode: PRIVATE_FOLDER });
    });
  return {
    write,
    get left() {
      return left();
    },
    addSnapshot: async (id) => {
      snapshots.push(id);
      await write();
    },
    asked: async () => {
      asked++;
      await write();
    },
    begun: async (name) => {
      asked--;
      if (name !== undefined) operations.add(name);
      await write();
    },
    over: async (name) => {
      operations.delete(name);
      await write();
    },
    done: () => {
      isDone = true;
      rmSync(path, { force: true });
    },
  };
}

/**
 * Removes what dead processes have left at one orchestrator: others may be out of reach.
 * @returns the devices that were removed. Never rejects: what cannot be done now is for the run after
 */
export async function sweepNotes(base: string): Promise<readonly string[]> {
  const dead = readNotes().filter(({ address, owner }) => baseOf(address) === base && isGone(owner));
  const removed = await Promise.all(
    dead.map((note) =>
      removeNoted(note).then(
        () => (note.isMade ? [note.group] : []),
        () => [],
      ),
    ),
  );
  return removed.flat();
}

/** For a guardian, which was started before there was more than the device itself. */
export async function removeAbandoned({ address, group }: GuardedGroup): Promise<void> {
  const nothing = { address, group, isMade: true, snapshots: [], operations: [], asked: 0 };
  await removeNoted(readNotes().find((note) => note.group === group) ?? nothing);
}

async function removeNoted({ address, ...left }: Leftovers & Pick<Note, "address">): Promise<void> {
  const parsed = parseCuttlefishAddress(new URL(address));
  const orchestrator = new Orchestrator({ ...parsed, credentials: readCredentials(parsed) });
  await removeLeftovers(orchestrator, left, REMOVE_TIMEOUT_MS, ABSENCES);
  rmSync(notePath(left.group), { force: true });
}

function baseOf(address: string): string | undefined {
  try {
    return parseCuttlefishAddress(new URL(address)).base;
  } catch {
    return undefined;
  }
}

function readNotes(): readonly Note[] {
  const names = readNames();
  return names.flatMap((name) => {
    try {
      const note = JSON.parse(readFileSync(join(folder(), name), "utf8")) as Note;
      if (!isOurs(note.group) || notePath(note.group) !== join(folder(), name)) return [];
      return [
        { ...note, snapshots: listOf(note.snapshots, isSnapshotId), operations: listOf(note.operations, isName) },
      ];
    } catch {
      return [];
    }
  });
}

/** Their names become parts of paths. */
function listOf(value: unknown, isOne: (item: unknown) => item is string): readonly string[] {
  return Array.isArray(value) ? value.filter(isOne) : [];
}

function readNames(): readonly string[] {
  try {
    return readdirSync(folder()).filter((name) => name.endsWith(".json"));
  } catch {
    return [];
  }
}

function notePath(group: string): string {
  return join(folder(), `${group}.json`);
}

function folder(): string {
  return join(openCache(), "cuttlefish");
}

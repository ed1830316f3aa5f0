/** What is written down of devices that were made for us, so that the next run on this host removes those of dead processes. */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { AsyncLock } from "../../base/async/async-lock.js";
import { openCache, PRIVATE_FILE, PRIVATE_FOLDER } from "../../base/cache/cache.js";
import { writeFileAtomic } from "../../base/files/atomic-file.js";
import type { ProcessIdentity } from "../../process/identity.js";
import { isGone, self } from "../../process/life.js";
import { parseCuttlefishAddress } from "./address.js";
import { readCredentials } from "./api/credentials.js";
import { isOurs } from "./environment-config.js";
import { Orchestrator } from "./api/orchestrator.js";
import { ABSENCES, removeGroup } from "./remove-group.js";
import { isSnapshotId, removeSnapshot } from "./checkpoints/snapshots.js";

export interface GuardedGroup {
  /** `cuttlefish://…`, which has no credentials in it: the process that removes the group reads its own. */
  readonly address: string;
  readonly group: string;
}

interface Note extends GuardedGroup {
  readonly owner: ProcessIdentity;
  /** Ids of its snapshots, which the orchestrator keeps when it is removed. */
  readonly snapshots: readonly string[];
}

interface GroupNote {
  /** To be called before it is made. */
  addSnapshot(id: string): Promise<void>;
  readonly snapshots: readonly string[];
  done(): void;
}

const REMOVE_TIMEOUT_MS = 60_000;

export async function noteGroup(guarded: GuardedGroup): Promise<GroupNote> {
  const path = notePath(guarded.group);
  const snapshots: string[] = [];
  let isDone = false;
  /** One after the other, so that the last has all. */
  const turns = new AsyncLock();
  const write = (): Promise<void> =>
    turns.run(async () => {
      if (isDone) return;
      const note: Note = { ...guarded, owner: self(), snapshots };
      await writeFileAtomic(path, JSON.stringify(note), { mode: PRIVATE_FILE, folderMode: PRIVATE_FOLDER });
    });
  await write();
  return {
    snapshots,
    addSnapshot: async (id) => {
      snapshots.push(id);
      await write();
    },
    done: () => {
      isDone = true;
      rmSync(path, { force: true });
    },
  };
}

/**
 * Removes devices of dead processes, of one orchestrator: others may be out of reach.
 * @returns what was removed, for people. Never rejects: what cannot be done now is for the run after
 */
export async function sweepNotes(base: string): Promise<readonly string[]> {
  const dead = readNotes().filter(({ address, owner }) => baseOf(address) === base && isGone(owner));
  const removed = await Promise.all(
    dead.map((note) =>
      removeAbandoned(note).then(
        () => [note.group],
        () => [],
      ),
    ),
  );
  return removed.flat();
}

export async function removeAbandoned({ address, group }: GuardedGroup): Promise<void> {
  const parsed = parseCuttlefishAddress(new URL(address));
  const orchestrator = new Orchestrator({ ...parsed, credentials: readCredentials(parsed) });
  await removeGroup(orchestrator, group, { timeoutMs: REMOVE_TIMEOUT_MS }, ABSENCES);
  // Its owner has added to them since it started the guardian.
  const snapshots = readNotes().find((note) => note.group === group)?.snapshots ?? [];
  for (const id of snapshots) await removeSnapshot(orchestrator, id, { timeoutMs: REMOVE_TIMEOUT_MS });
  rmSync(notePath(group), { force: true });
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
      return [{ ...note, snapshots: Array.isArray(note.snapshots) ? note.snapshots.filter(isSnapshotId) : [] }];
    } catch {
      return [];
    }
  });
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

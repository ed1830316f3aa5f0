/**
 * Where a file of a device is written to on this host until it is whole: beside what it becomes, under a name of chance, which
 * is noted in the cache before. Should this process be killed, the draft goes when a device is opened next.
 */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { leftNotes, openOwnerNote } from "../../owner-notes.js";

/** Nobody else's has such a name, in whatever folder: that is what proves it ours. */
const CHANCE = /[\\/]\.avf-[0-9a-f]{32}\.tmp$/;
/** In place of a serial: a draft is there whatever becomes of the device, and emulated ones have a new serial each time. */
const THIS_HOST = "this-host";

/** @param work is given the draft's path, and moves it to where it belongs when it is whole */
export async function withPullDraft(localPath: string, work: (draft: string) => Promise<void>): Promise<void> {
  const draft = join(dirname(resolve(localPath)), `.avf-${randomBytes(16).toString("hex")}.tmp`);
  const note = openOwnerNote(THIS_HOST, "pulled-from-devices");
  note.write(draft);
  try {
    await work(draft);
  } finally {
    await rm(draft, { force: true });
    note.remove();
  }
}

/** One that cannot be removed now is at the next time. */
export async function sweepPullDrafts(): Promise<void> {
  for (const note of await leftNotes(THIS_HOST, "pulled-from-devices")) {
    const path = note.content;
    if (typeof path === "string" && CHANCE.test(path) && !(await removed(path))) continue;
    note.remove();
  }
}

async function removed(path: string): Promise<boolean> {
  try {
    await rm(path, { force: true });
    return true;
  } catch {
    return false;
  }
}

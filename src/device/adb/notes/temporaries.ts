/**
 * Files that are on a device for a moment, while something is pushed or installed. Each has a name of chance, which is
 * noted in the cache before: should this process be killed, it goes when the device is opened next.
 */
import { randomBytes } from "node:crypto";
import { posix } from "node:path";
import { leftNotes, openOwnerNote } from "../../owner-notes.js";
import { runOnDevice, type ShellConnection } from "../shell/shell.js";

const REMOVE_TIMEOUT_MS = 5_000;
/** Nobody else's has such a name, on whatever device: that is what proves it ours. */
const CHANCE = /^\/(?:[^\0]*\/)?\.avf-[0-9a-f]{32}\.(tmp|apk)$/;

/**
 * @param ending `tmp`: `work` moves the file to where it belongs; `apk`: it is in the way afterwards
 * @param work is given the path, of a file in `folder`
 */
export async function withTemporary<T>(
  connection: ShellConnection,
  folder: string,
  ending: "tmp" | "apk",
  work: (path: string) => Promise<T>,
): Promise<T> {
  const path = posix.join(folder, `.avf-${randomBytes(16).toString("hex")}.${ending}`);
  const note = openOwnerNote(connection.serial, "temporary-on-devices");
  note.write(path);
  let isMoved = false;
  try {
    const result = await work(path);
    isMoved = ending === "tmp";
    return result;
  } finally {
    if (isMoved || (await remove(connection, path))) note.remove();
  }
}

/** What is not removed now, because the device does not answer, is at the next time. */
export async function sweepTemporaries(connection: ShellConnection): Promise<void> {
  for (const note of await leftNotes(connection.serial, "temporary-on-devices")) {
    const path = note.content;
    if (typeof path !== "string" || !CHANCE.test(path) || (await remove(connection, path))) note.remove();
  }
}

async function remove(connection: ShellConnection, path: string): Promise<boolean> {
  try {
    return (await runOnDevice(connection, ["rm", "-f", path], { timeoutMs: REMOVE_TIMEOUT_MS })).exitCode === 0;
  } catch {
    return false;
  }
}

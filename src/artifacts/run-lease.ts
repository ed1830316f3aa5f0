/**
 * Finds which folders belong to runs in progress: each holds a file that its process renews, also where that process is in
 * another container and its id means nothing here.
 */
import { rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PRIVATE_FILE } from "./private-files.js";

const LEASE_FILE = ".goes-on";
const RENEW_EVERY_MS = 60_000;
/** A process may be stopped for a while, or a machine asleep. */
const VALID_MS = 60 * 60_000;

const held = new Map<string, NodeJS.Timeout>();

/** Holds the run's folder until this process ends, or begins another run. A folder that cannot be written to is not held. */
export function holdRunFolder(folder: string): void {
  if (held.size === 0) process.on("exit", letAllGo);
  for (const other of held.keys()) letGo(other);
  const lease = join(folder, LEASE_FILE);
  try {
    writeFileSync(lease, `${process.pid}\n`, { mode: PRIVATE_FILE });
  } catch {
    return;
  }
  const renew = (): void => {
    const now = new Date();
    try {
      utimesSync(lease, now, now);
    } catch {
      // Somebody removed the folder.
    }
  };
  held.set(folder, setInterval(renew, RENEW_EVERY_MS).unref());
}

/** @param pid of the process that made it, if its id means anything here */
export function goesOn(folder: string, pid: number): boolean {
  try {
    const { mtimeMs } = statSync(join(folder, LEASE_FILE));
    return Date.now() - mtimeMs < VALID_MS || isAlive(pid);
  } catch {
    return false;
  }
}

function letAllGo(): void {
  for (const folder of held.keys()) letGo(folder);
}

function letGo(folder: string): void {
  clearInterval(held.get(folder));
  held.delete(folder);
  try {
    rmSync(join(folder, LEASE_FILE), { force: true });
  } catch {
    // It runs out by itself.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Devices and VMs of failed tests that are kept for a person to look at: a note each in the user's cache, so that
 * `avf console` and `avf end-hold` find them from any folder. Removing the note ends the hold.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openCache } from "../../base/cache/cache.js";
import { cacheFolder } from "../../base/paths.js";
import { replaceFileSync } from "../../process/drafts.js";
import { identify, type ProcessIdentity } from "../../process/identity.js";
import { isGone, self } from "../../process/life.js";
import { makePrivateFolder, PRIVATE_FILE } from "../private-files.js";

export interface HeldVm {
  readonly name: string;
  /** Of the moment when the test failed. */
  readonly status: string;
  readonly cid?: number;
  /** File on this host that gets what the VM prints on its console, from its start and for as long as it is held. */
  readonly consoleFile: string;
  readonly logFile: string;
  /** Port of 127.0.0.1 that leads to adbd in the VM, for `adb connect`. */
  readonly adbPort?: number;
}

export interface HoldRecord {
  readonly id: string;
  /** Process that holds them. */
  readonly pid: number;
  /** The same, told from one of another container or host. */
  readonly owner?: ProcessIdentity;
  readonly test: string;
  readonly file: string;
  readonly serial: string;
  /** Name of an emulated device, for `avf device shell`. */
  readonly device?: string;
  readonly vms: readonly HeldVm[];
  /** Folder with what was saved of the failure. */
  readonly evidence?: string;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  readonly endsMs: number;
}

const ID = /^\d+-\d+$/;

/** An id that no other note has: a process of another container may have the same pid. */
export function freeHoldId(): string {
  let number = 1;
  while (existsSync(holdPath(`${process.pid}-${number}`))) number++;
  return `${process.pid}-${number}`;
}

/** Path of the note. */
export function writeHold(record: HoldRecord): string {
  openCache();
  makePrivateFolder(folder());
  const path = holdPath(record.id);
  replaceFileSync(path, JSON.stringify({ ...record, owner: self() }, undefined, 2), PRIVATE_FILE);
  return path;
}

/** Those whose process lives, oldest first; notes of dead ones are removed, and what cannot be read stays. */
export function listHolds(): readonly HoldRecord[] {
  const holds: HoldRecord[] = [];
  for (const id of readIds()) {
    const record = readHold(id);
    if (record === undefined) continue;
    if (isDead(record)) releaseHold(id);
    else holds.push(record);
  }
  return holds.sort((a, b) => a.startedMs - b.startedMs);
}

/** Undefined once it was released. */
function readHold(id: string): HoldRecord | undefined {
  try {
    return JSON.parse(readFileSync(holdPath(id), "utf8")) as HoldRecord;
  } catch {
    return undefined;
  }
}

/** Ends a hold: its test run continues within a moment. */
export function releaseHold(id: string): void {
  rmSync(holdPath(id), { force: true });
}

export function holdPath(id: string): string {
  if (!ID.test(id)) throw new Error(`not the id of a hold: ${id}`);
  return join(folder(), `${id}.json`);
}

function readIds(): readonly string[] {
  try {
    return readdirSync(folder())
      .map((name) => name.replace(/\.json$/, ""))
      .filter((id) => ID.test(id));
  } catch {
    return [];
  }
}

function isDead({ owner, pid }: HoldRecord): boolean {
  // Earlier versions wrote no more than a pid.
  return owner === undefined ? identify(pid) === undefined : isGone(owner);
}

function folder(): string {
  return join(cacheFolder(), "holds");
}

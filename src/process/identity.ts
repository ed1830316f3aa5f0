/**
 * Tells whether a process written down earlier is still the same one, although process ids are reused, and although the
 * record may come from another container, host or boot, whose ids mean nothing here.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

export interface ProcessIdentity {
  readonly pid: number;
  /**
   * Start time in clock ticks since boot, from /proc: with the pid it names one process of one place for ever. Empty on
   * systems without: there only `life` tells a process from a later one with its pid.
   */
  readonly startTicks: string;
  /** Where the pid counts: boot and pid namespace. Absent in records of earlier versions, which knew only this one. */
  readonly place?: string | undefined;
  /** For people. */
  readonly host?: string | undefined;
  /** A file that the kernel keeps locked while the process lives: see `life.ts`. */
  readonly life?: string | undefined;
}

/** Undefined when there is no such process. */
export function identify(pid: number): ProcessIdentity | undefined {
  const startTicks = ticksOf(pid);
  return startTicks === undefined ? undefined : { pid, startTicks, place: thisPlace(), host: hostname() };
}

/** It runs, and here: only such a process may be signalled. */
export function isAlive(identity: ProcessIdentity): boolean {
  return !isElsewhere(identity) && ticksOf(identity.pid) === identity.startTicks;
}

/** Its pid says nothing here: it may live, and be ended by nobody here. */
export function isElsewhere({ place }: ProcessIdentity): boolean {
  return place !== undefined && place !== thisPlace();
}

let place: string | undefined;

/** `<boot id> <pid namespace>`: two containers of one host differ in the second, two hosts or boots in the first. */
export function thisPlace(): string {
  return (place ??= `${bootId()} ${pidNamespace()}`);
}

function ticksOf(pid: number): string | undefined {
  if (process.platform !== "linux") return isThere(pid) ? "" : undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses, which may hold spaces: count from behind it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const state = fields[0];
    return state === "Z" || state === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

export function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return hostname();
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "pid:?";
  }
}

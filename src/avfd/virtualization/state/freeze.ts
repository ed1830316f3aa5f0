/**
 * Holds still all monitors while a snapshot of the device is taken: a virtual CPU must not be inside a nested guest
 * then, for the state of that cannot be saved.
 */
import { readdir, readFile } from "node:fs/promises";
import { sleep } from "../../../base/deadline.js";

const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 5;

export class FreezeGate {
  #frozen: readonly number[] | undefined;
  #thawed: Promise<void> = Promise.resolve();
  #openAgain: () => void = () => undefined;

  constructor(private readonly pids: () => readonly number[]) {}

  /** Settles when nothing is frozen: no monitor may start in between. */
  async open(): Promise<void> {
    await this.#thawed;
  }

  /** Repeatable. Throws when a process does not stop in time; then all run again. */
  async freeze(): Promise<number> {
    if (this.#frozen === undefined) this.#thawed = new Promise((resolve) => (this.#openAgain = resolve));
    const stopped = new Set<number>();
    try {
      // One that was being started when the gate closed is not known before it runs.
      for (let fresh = this.pids(); fresh.length > 0; fresh = this.pids().filter((pid) => !stopped.has(pid))) {
        for (const pid of fresh) {
          stopped.add(pid);
          signal(pid, "SIGSTOP");
        }
        this.#frozen = [...stopped];
        await Promise.all(fresh.map((pid) => waitUntilStopped(pid)));
      }
    } catch (error) {
      this.thaw();
      throw error;
    }
    this.#frozen = [...stopped];
    return stopped.size;
  }

  thaw(): number {
    const pids = this.#frozen ?? [];
    for (const pid of pids) signal(pid, "SIGCONT");
    this.#frozen = undefined;
    this.#openAgain();
    return pids.length;
  }
}

async function waitUntilStopped(pid: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < STOP_TIMEOUT_MS; waitedMs += POLL_MS) {
    if (await isStopped(pid)) return;
    await sleep(POLL_MS);
  }
  throw new Error(`process ${pid} did not stop within ${STOP_TIMEOUT_MS / 1000} s`);
}

/** Every thread, or the process is gone. */
async function isStopped(pid: number): Promise<boolean> {
  try {
    for (const thread of await readdir(`/proc/${pid}/task`)) {
      const stat = await readFile(`/proc/${pid}/task/${thread}/stat`, "utf8");
      const state = stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
      if (!"TtZX".includes(state)) return false;
    }
    return true;
  } catch {
    return true;
  }
}

function signal(pid: number, name: "SIGSTOP" | "SIGCONT"): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in the meantime.
  }
}

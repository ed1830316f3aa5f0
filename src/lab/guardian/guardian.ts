/**
 * A process that gives back what a lab has lent us when ours dies, by SIGKILL too. Where it dies as well, with its container
 * or host, the lab's own time limit has to do it.
 */
import type { Socket } from "node:net";
import { join } from "node:path";
import { packageRoot } from "../../base/paths.js";
import { spawnOwned } from "../../process/owned-process.js";

export interface Guardian {
  /** Nothing is left to do. Repeatable. */
  dismiss(): void;
}

export const DISMISSED = "given back";

/**
 * @param program its file in dist/, which calls `runGuardian`
 * @param task what it is to give back: goes through a pipe, so that nobody else sees what is secret in it
 */
export function startGuardian(program: string, task: object): Guardian {
  const argv = [process.execPath, join(packageRoot, "dist", program)];
  const { child } = spawnOwned(argv, { guards: true, stdio: ["pipe", "ignore", "ignore"] });
  const stdin = child.stdin as Socket;
  // Without it the lab's time limit ends the lease a while after our death.
  child.on("error", () => undefined);
  stdin.on("error", () => undefined);
  stdin.write(`${JSON.stringify(task)}\n`);
  child.unref();
  stdin.unref();
  return { dismiss: () => void (stdin.writable && stdin.end(`${DISMISSED}\n`)) };
}

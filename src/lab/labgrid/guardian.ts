/**
 * A process that gives a place back when ours dies, by SIGKILL too, for labgrid does not. Where it dies as well, with its
 * container or host, the next of ours who wants the place takes it (holders.ts).
 */
import type { Socket } from "node:net";
import { join } from "node:path";
import { packageRoot } from "../../base/paths.js";
import { spawnOwned } from "../../process/owned-process.js";

export interface GuardedPlace {
  readonly coordinator: string;
  readonly place: string;
  readonly holder: string;
}

export interface Guardian {
  /** Nothing is left to do. Repeatable. */
  dismiss(): void;
}

export const DISMISSED = "given back";

export function guardPlace(guarded: GuardedPlace): Guardian {
  const main = join(packageRoot, "dist/lab/labgrid/guardian-main.js");
  const { child } = spawnOwned([process.execPath, main], { guards: true, stdio: ["pipe", "ignore", "ignore"] });
  const stdin = child.stdin as Socket;
  // Without it the place is free a minute after our death, to whoever of ours wants it.
  child.on("error", () => undefined);
  stdin.on("error", () => undefined);
  stdin.write(`${JSON.stringify(guarded)}\n`);
  child.unref();
  stdin.unref();
  return { dismiss: () => void (stdin.writable && stdin.end(`${DISMISSED}\n`)) };
}

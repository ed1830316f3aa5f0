/** What a monitor cannot do without on this device. */
import { constants } from "node:fs";
import { access } from "node:fs/promises";

export interface NeededFiles {
  readonly program: string;
  readonly neededDevices: readonly string[];
  /** `devctl`, which binds the program's life to ours; undefined where there is none. */
  readonly launcher?: string | undefined;
}

/** Names the first that is missing; undefined: all are there. */
export async function findMissing({ program, neededDevices }: NeededFiles): Promise<string | undefined> {
  if (!(await isThere(program, constants.X_OK))) return `${program} is missing`;
  for (const device of neededDevices) {
    if (!(await isThere(device, constants.R_OK | constants.W_OK))) return `${device} is missing`;
  }
  return undefined;
}

async function isThere(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

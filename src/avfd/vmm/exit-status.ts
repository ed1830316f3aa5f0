/** How a process ended, as Rust prints its `ExitStatus`: Android's service logs it so. */
import { constants } from "node:os";

/** Whether it left a core is not shown: nothing on this device does. */
export function rustExitStatus(exitCode: number | null, signal: string | null): string {
  if (signal === null) return `exit status: ${exitCode ?? 0}`;
  const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1];
  return `signal: ${number ?? 0} (${signal})`;
}

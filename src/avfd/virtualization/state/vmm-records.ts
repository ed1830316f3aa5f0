/** Monitors that run, written down: a service that was killed finds at its next start what it left running. */
import { writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { identify, isAlive, type ProcessIdentity } from "../../../process/identity.js";

const RECORD = "vmm.json";

export function recordVmm(folder: string, pid: number): void {
  const identity = identify(pid);
  if (identity) writeFileSync(join(folder, RECORD), JSON.stringify(identity), { mode: 0o600 });
}

/** @param folder of the service, with one folder a CID */
export async function killLeftoverVmms(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const record = await readRecord(join(folder, name, RECORD));
    if (record && isAlive(record)) process.kill(record.pid, "SIGKILL");
  }
}

async function readRecord(path: string): Promise<ProcessIdentity | undefined> {
  try {
    const record = JSON.parse(await readFile(path, "utf8")) as Partial<ProcessIdentity> | null;
    const known = typeof record?.pid === "number" && typeof record.startTicks === "string";
    return known ? (record as ProcessIdentity) : undefined;
  } catch {
    return undefined;
  }
}

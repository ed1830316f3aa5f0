/** After the last file: who died, and what Jest's own process held, where it ran the files itself. Workers see to theirs. */
import type { Config } from "@jest/types";
import { runFolder } from "../artifacts/run-folder.js";
import { RunRecord } from "../artifacts/run-record.js";
import { releaseAll } from "./process-end.js";
import { describeDeath, takeDeadMarkers } from "./run-marker.js";

export default async function globalTeardown(
  _globalConfig: Config.GlobalConfig,
  { rootDir }: Config.ProjectConfig,
): Promise<void> {
  await releaseAll();
  const folder = runFolder(rootDir);
  const dead = takeDeadMarkers(folder);
  if (dead.length === 0) return;
  const record = new RunRecord(folder);
  for (const marker of dead) {
    const { file, test, pid } = marker;
    record.add({ kind: "worker-died", file, diedPid: pid, ...(test === undefined ? {} : { test }) });
    process.stderr.write(`${describeDeath(marker)}\n`);
  }
  record.close();
}

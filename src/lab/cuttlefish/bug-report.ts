/** What a Cuttlefish host has to say of a device whose test failed. */
import { describeError } from "../../base/errors.js";
import { readBugReport } from "./api/answers.js";
import { deleteBugReport, fetchBugReport } from "./api/bug-reports.js";
import type { Orchestrator } from "./api/orchestrator.js";

const REPORT_TIMEOUT_MS = 60_000;
/** It is of all the time since the device was made, and takes as long as that. */
const MAX_REPORTS = 3;

/**
 * @param orchestrator a watched one: who gives up has others remove what comes later
 * @param signal ends the wait for one
 * @returns by file name, at each call: `cuttlefish-bugreport.zip`, or a text that says why there is none; nothing when
 * there were three already. It never rejects.
 */
export function bugReports(
  orchestrator: Orchestrator,
  group: string,
  signal: AbortSignal,
): () => Promise<ReadonlyMap<string, string | Buffer>> {
  let begun = 0;
  return async () => {
    if (begun++ >= MAX_REPORTS) return new Map();
    try {
      return new Map([["cuttlefish-bugreport.zip", await makeBugReport(orchestrator, group, signal)]]);
    } catch (error) {
      return new Map([["cuttlefish-bugreport.txt", `There is no bug report: ${describeError(error)}\n`]]);
    }
  };
}

/** With what `cvd host_bugreport` collects; not with what adb would say, which may take minutes. */
async function makeBugReport(orchestrator: Orchestrator, group: string, signal: AbortSignal): Promise<Buffer> {
  const { server } = orchestrator;
  const path = `cvds/${group}/:bugreport`;
  const name = await orchestrator.begin("POST", path, undefined, signal);
  const made = await orchestrator.outcome(name, `POST /${path}`, { timeoutMs: REPORT_TIMEOUT_MS, signal });
  const id = readBugReport(server.orchestrator, made);
  try {
    return await fetchBugReport(server, id, signal);
  } finally {
    // The host would keep it for ever. One that cannot be removed now is noted, as one is that was not waited for.
    await deleteBugReport(server, id).then(
      () => orchestrator.over(name),
      () => undefined,
    );
  }
}

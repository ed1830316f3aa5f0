/** What a Cuttlefish host has to say of a device whose test failed. */
import { describeError, InfrastructureError } from "../../base/errors.js";
import { readBugReport } from "./api/answers.js";
import { download } from "./api/http.js";
import type { Orchestrator } from "./api/orchestrator.js";

const REPORT_TIMEOUT_MS = 60_000;
const DOWNLOAD_TIMEOUT_MS = 30_000;
const MAX_BYTES = 64 << 20;
/** It is of all the time since the device was made, and takes as long as that. */
const MAX_REPORTS = 3;
const ZIP = Buffer.from("PK");

/**
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
  const made = await orchestrator.operate("POST", `cvds/${group}/:bugreport`, undefined, {
    timeoutMs: REPORT_TIMEOUT_MS,
    signal,
  });
  const path = `cvdbugreports/${readBugReport(server.orchestrator, made)}`;
  const limit = { path, timeoutMs: DOWNLOAD_TIMEOUT_MS };
  try {
    const { status, bytes } = await download(server, { method: "GET", ...limit, signal }, MAX_BYTES);
    if (status === 200 && bytes.subarray(0, ZIP.length).equals(ZIP)) return bytes;
    throw new InfrastructureError(
      "LAB_ANSWER",
      `The Cuttlefish orchestrator at ${server.orchestrator} was asked for a bug report and answered HTTP ${status} with no zip.`,
      { hint: "its own log says more" },
    );
  } finally {
    // The host would keep it for ever.
    await download(server, { method: "DELETE", ...limit }, MAX_BYTES).catch(() => undefined);
  }
}

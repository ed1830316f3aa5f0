/** Bug reports that an orchestrator has made, and keeps until somebody removes them. */
import { InfrastructureError } from "../../../base/errors.js";
import { download, type Server } from "./http.js";

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 64 << 20;
const ZIP = Buffer.from("PK");

export async function fetchBugReport(server: Server, id: string, signal: AbortSignal): Promise<Buffer> {
  const request = { method: "GET", path: path(id), timeoutMs: TIMEOUT_MS, signal } as const;
  const { status, bytes } = await download(server, request, MAX_BYTES);
  if (status === 200 && bytes.subarray(0, ZIP.length).equals(ZIP)) return bytes;
  throw new InfrastructureError(
    "LAB_ANSWER",
    `The Cuttlefish orchestrator at ${server.orchestrator} was asked for a bug report and answered HTTP ${status} with no zip.`,
    { hint: "its own log says more" },
  );
}

/** One that is not there is fine. */
export async function deleteBugReport(server: Server, id: string): Promise<void> {
  const request = { method: "DELETE", path: path(id), timeoutMs: TIMEOUT_MS } as const;
  const { status } = await download(server, request, MAX_BYTES);
  if (status === 200) return;
  throw new InfrastructureError(
    "LAB_REFUSED",
    `The Cuttlefish orchestrator at ${server.orchestrator} was asked to remove a bug report and answered HTTP ${status}.`,
    { hint: `it is in cvdbugreports/${id} of its artifacts` },
  );
}

function path(id: string): string {
  return `cvdbugreports/${id}`;
}

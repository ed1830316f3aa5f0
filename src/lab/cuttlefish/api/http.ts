/** Requests to a host orchestrator: each has a deadline, a signal, and a limit to what is read. */
import { formatMs } from "../../../base/deadline.js";
import { describeError, InfrastructureError, isHarnessError } from "../../../base/errors.js";
import { requestBytes, requestJson, type JsonRequest } from "../../http/json-request.js";
import type { CuttlefishAddress } from "../address.js";
import type { Credentials } from "./credentials.js";

export interface Request {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below the API's base, without a slash in front. */
  readonly path: string;
  readonly body?: object | undefined;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Reply {
  readonly status: number;
  /** Undefined: it was no JSON. */
  readonly body: unknown;
}

export interface Server extends Pick<CuttlefishAddress, "orchestrator" | "base"> {
  readonly credentials: Credentials;
}

/** A list of a thousand devices has some 300 KB. */
export const MAX_ANSWER_BYTES = 4 << 20;

/**
 * Our credentials are not in the answer, although a server may repeat them.
 * @throws InfrastructureError `LAB_COORDINATOR` when there is no answer, or one that is too long; the signal's reason
 */
export async function exchange(server: Server, request: Request): Promise<Reply> {
  const conceal = (text: string): string => server.credentials.conceal(text);
  return reach(server, request, MAX_ANSWER_BYTES, (whole) => requestJson({ ...whole, conceal }));
}

/** As `exchange`, for what is no JSON. */
export async function download(
  server: Server,
  request: Request,
  maxBytes: number,
): Promise<{ readonly status: number; readonly bytes: Buffer }> {
  return reach(server, request, maxBytes, requestBytes);
}

async function reach<T>(
  server: Server,
  { method, path, body, timeoutMs, signal }: Request,
  maxBytes: number,
  send: (request: JsonRequest) => Promise<T>,
): Promise<T> {
  const { base, credentials } = server;
  try {
    return await send({
      ...{ url: new URL(base + path), method, body, headers: credentials.headers, timeoutMs, signal, maxBytes },
    });
  } catch (error) {
    signal?.throwIfAborted();
    const timedOut = isHarnessError(error) && error.code === "TIMEOUT";
    const reason = timedOut ? `no answer in ${formatMs(timeoutMs)}` : credentials.conceal(describeError(error));
    const message = `The Cuttlefish orchestrator at ${server.orchestrator} cannot be reached: ${reason}.`;
    const hint = `see whether it runs and can be reached from here: curl ${base}cvds`;
    throw new InfrastructureError("LAB_COORDINATOR", message, { cause: error, hint });
  }
}

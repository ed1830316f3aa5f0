/** One request to the REST API of a lab, and its answer in JSON: untrusted, so with a bound on time and size. */
import { request as requestPlain, type IncomingMessage } from "node:http";
import { request as requestTls } from "node:https";
import { once } from "node:events";
import { withDeadline } from "../../base/deadline.js";

export interface JsonRequest {
  readonly url: URL;
  /** Default: GET. */
  readonly method?: "GET" | "POST" | "PUT" | "DELETE" | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
  /** Default: 16 MiB. */
  readonly maxBytes?: number;
  /** Takes secrets out of each text of a JSON answer, before anybody reads it: a server may repeat the headers. */
  readonly conceal?: (text: string) => string;
}

interface Answer {
  readonly status: number;
  /** What the clock there said when it answered, in ms since 1970, to the second; undefined: it did not say. */
  readonly clockMs: number | undefined;
}

interface BytesAnswer extends Answer {
  readonly bytes: Buffer;
}

export interface JsonAnswer extends Answer {
  /** Undefined: it was no JSON. */
  readonly body: unknown;
}

const MAX_BYTES = 16 << 20;

/**
 * Follows no redirection, which might take what is secret in the headers elsewhere; keeps no connection.
 * @throws Node's own error where there is no answer, `TIMEOUT`, or the signal's reason
 */
export async function requestJson(wanted: JsonRequest): Promise<JsonAnswer> {
  const { bytes, ...answer } = await requestBytes(wanted);
  return { ...answer, body: parse(bytes.toString(), wanted.conceal) };
}

/** As `requestJson`, for an answer that is something else. */
export async function requestBytes(wanted: JsonRequest): Promise<BytesAnswer> {
  const { url, timeoutMs, signal, maxBytes = MAX_BYTES } = wanted;
  return withDeadline(`an answer of ${url.host}`, { timeoutMs, signal }, async (limit) => {
    const response = await send(wanted, limit);
    try {
      const bytes = await readAll(response, maxBytes);
      const clockMs = Date.parse(response.headers.date ?? "");
      return {
        status: response.statusCode ?? 0,
        bytes,
        clockMs: Number.isNaN(clockMs) ? undefined : clockMs,
      };
    } finally {
      response.destroy();
    }
  });
}

async function send(
  { url, method = "GET", headers, body }: JsonRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const ofPayload = payload && { "content-type": "application/json", "content-length": payload.length };
  const request = url.protocol === "https:" ? requestTls : requestPlain;
  const outgoing = request(url, {
    ...{ method, signal, agent: false },
    headers: { accept: "application/json", ...headers, ...ofPayload },
  });
  // One that comes after the answer has begun is the answer's own as well.
  outgoing.on("error", () => undefined);
  outgoing.end(payload);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  return response;
}

async function readAll(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`its answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parse(text: string, conceal?: (text: string) => string): unknown {
  try {
    return JSON.parse(text, conceal && ((_name, value: unknown) => concealed(value, conceal))) as unknown;
  } catch {
    return undefined;
  }
}

/** What is within it has been through here before. */
function concealed(value: unknown, conceal: (text: string) => string): unknown {
  if (typeof value === "string") return conceal(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [conceal(name), inner as unknown]));
}

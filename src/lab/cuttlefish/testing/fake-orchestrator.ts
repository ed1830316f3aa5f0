/** A server that gives the answers that the real host orchestrator gave (recorded.json), or, for a path, others. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { GROUP, readRecording, type Exchange } from "./recording.js";

export type Answer = Pick<Exchange, "status" | "text"> | "silence";

export interface FakeOrchestrator {
  /** `cuttlefish://…` */
  address(query?: string): URL;
  /** What it was asked, in order: `POST cvds`. */
  readonly asked: readonly string[];
  /** Headers of the last request. */
  readonly lastHeaders: () => IncomingMessage["headers"];
  close(): Promise<void>;
}

/**
 * @param instead of the recorded answers, by `METHOD path`; each once, the last for all later requests. `SNAPSHOT` stands for
 * the id of any snapshot of ours
 */
export async function fakeOrchestrator(
  instead: Readonly<Record<string, readonly Answer[]>> = {},
): Promise<FakeOrchestrator> {
  const asked: string[] = [];
  const replies = new Map(Object.entries(instead).map(([request, answers]) => [request, [...answers]]));
  const conversation = [...readRecording().exchanges];
  let last: IncomingMessage["headers"] = {};
  const server = createServer((request, response) => {
    request.resume();
    last = request.headers;
    const key = `${request.method} ${(request.url ?? "").slice(1)}`;
    asked.push(key);
    const others = replies.get(key) ?? replies.get(key.replace(/avf_[0-9a-f]{16}$/, "SNAPSHOT"));
    const answer = others === undefined ? recordedAnswer(conversation, key) : next(others);
    if (answer !== "silence") reply(response, answer);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    address: (query = `group=${GROUP}`) => new URL(`cuttlefish://127.0.0.1:${port}/?${query}`),
    asked,
    lastHeaders: () => last,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** The first that is left of this request, and with it what lay before: a test may begin in the middle. */
function recordedAnswer(conversation: Exchange[], key: string): Answer {
  const at = conversation.findIndex(({ method, path }) => `${method} ${path}` === key);
  const [found] = at < 0 ? [] : conversation.splice(0, at + 1).slice(-1);
  return found ?? { status: 500, text: `nothing is recorded of ${key} here` };
}

function next(answers: Answer[]): Answer {
  return (answers.length > 1 ? answers.shift() : answers[0]) ?? "silence";
}

function reply(response: ServerResponse, { status, text }: Exclude<Answer, "silence">): void {
  const moved = status >= 300 && status < 400;
  response.writeHead(status, moved ? { location: text } : { "content-type": "application/json" });
  response.end(moved ? "" : text);
}

/** Client of QEMU's machine protocol (QMP, QEMU's docs/interop/qmp-spec.rst) over a stream that QEMU inherited. */
import type { Duplex } from "node:stream";
import { deferred, type Deferred } from "../base/async/deferred.js";
import { sleep, withDeadline } from "../base/deadline.js";
import { InfrastructureError } from "../base/errors.js";
import { LineSplitter } from "../base/text/lines.js";
import { parseMessage, type QmpEvent, type QmpEventData, type QmpReply } from "./message.js";

/** Commands take this long only under a debugger or on a machine that swaps. */
const REPLY_TIMEOUT_MS = 30_000;
const POLL_TIMEOUT_MS = 120_000;
const POLL_MS = 5;
/** Lists of devices are long, and come in one line. */
const MAX_LINE_BYTES = 1 << 20;

export interface QmpOptions {
  /** Hears every event before anybody who waits for it. */
  readonly onEvent?: (event: QmpEvent) => void;
  /** The error for those who wait when the stream has ended, and for later commands. Default: `QEMU_GONE`. */
  readonly whyGone?: () => Promise<Error>;
}

interface AwaitedEvent {
  readonly name: string;
  readonly wanted: (data: QmpEventData) => boolean;
  readonly next: Deferred<QmpEventData>;
}

export class QmpClient {
  /** Settles when QEMU has closed its end, which is after its last event; never rejects. */
  readonly closed: Promise<void>;
  #lastId = 0;
  #gone: Error | undefined;
  readonly #replies = new Map<number, Deferred<QmpReply>>();
  readonly #events = new Set<AwaitedEvent>();

  constructor(
    private readonly stream: Duplex,
    private readonly options: QmpOptions = {},
  ) {
    const lines = new LineSplitter((line) => this.#receive(line), MAX_LINE_BYTES);
    stream.on("data", (chunk: Buffer) => lines.push(chunk));
    this.closed = new Promise((resolve) => {
      for (const end of ["end", "close"]) stream.once(end, () => resolve());
      stream.on("error", () => resolve());
    });
    void this.closed
      .then(() => (options.whyGone ?? connectionClosed)())
      .catch((error: Error) => error)
      .then((error) => this.#leave(error));
  }

  /**
   * Enters command mode. QEMU greets before it reads anything, so nobody waits for the greeting. Events that come before
   * this has succeeded are lost.
   */
  async negotiate(signal?: AbortSignal): Promise<void> {
    await this.execute("qmp_capabilities", {}, signal);
  }

  /** Returns QEMU's answer. @throws InfrastructureError `QEMU_REFUSED`, `TIMEOUT`, and what `whyGone` gives */
  async execute(command: string, args: Readonly<Record<string, unknown>> = {}, signal?: AbortSignal): Promise<unknown> {
    if (this.#gone !== undefined) throw this.#gone;
    const id = ++this.#lastId;
    const deadline = { timeoutMs: REPLY_TIMEOUT_MS, signal };
    const { error, return: answer } = await withDeadline(`QEMU's answer to ${command}`, deadline, () => {
      const reply = deferred<QmpReply>();
      this.#replies.set(id, reply);
      this.stream.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
      return reply.promise;
    }).finally(() => this.#replies.delete(id));
    if (error === undefined) return answer;
    throw new InfrastructureError("QEMU_REFUSED", `QEMU refused ${command}: ${error.desc ?? "no reason given"}`);
  }

  /**
   * Settles with the data of the next such event. It has no deadline of its own, and rejects when the stream has ended;
   * nobody has to wait for it.
   */
  event(name: string, wanted: (data: QmpEventData) => boolean = () => true): Promise<QmpEventData> {
    const next = deferred<QmpEventData>();
    next.promise.catch(() => undefined);
    if (this.#gone === undefined) this.#events.add({ name, wanted, next });
    else next.reject(this.#gone);
    return next.promise;
  }

  /** Repeats a query until its answer is the one wanted. */
  async pollUntil(query: string, done: (answer: unknown) => boolean, signal?: AbortSignal): Promise<void> {
    await withDeadline(`QEMU to finish (${query})`, { timeoutMs: POLL_TIMEOUT_MS, signal }, async (ended) => {
      while (!done(await this.execute(query))) await sleep(POLL_MS, ended);
    });
  }

  close(): void {
    this.stream.destroy();
  }

  #receive(line: string): void {
    const message = parseMessage(line);
    if (message?.kind === "reply") this.#replies.get(message.id)?.resolve(message);
    if (message?.kind !== "event") return;
    const { name, data } = message;
    this.options.onEvent?.(message);
    for (const awaited of this.#events) {
      if (awaited.name !== name || !awaited.wanted(data)) continue;
      this.#events.delete(awaited);
      awaited.next.resolve(data);
    }
  }

  #leave(error: Error): void {
    this.#gone = error;
    for (const { reject } of this.#replies.values()) reject(error);
    for (const { next } of this.#events) next.reject(error);
    this.#events.clear();
  }
}

async function connectionClosed(): Promise<Error> {
  return new InfrastructureError("QEMU_GONE", "QEMU closed its control connection.");
}

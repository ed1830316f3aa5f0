/** Client of QEMU's machine protocol (QMP) over a stream that QEMU inherited. */
import type { Duplex } from "node:stream";
import { InfrastructureError } from "../../base/errors.js";
import { sleep, withDeadline } from "../../base/deadline.js";
import { LineSplitter } from "../../base/text/lines.js";

interface QmpReply {
  readonly id?: number;
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
  readonly event?: string;
  readonly QMP?: unknown;
}

const REPLY_TIMEOUT_MS = 20_000;
/** Commands never take this long except under a debugger or on a machine that swaps. */
const POLL_MS = 5;

export class QmpClient {
  #lastId = 0;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #closed: Error | undefined;
  #closing: Promise<void> | undefined;
  readonly #greeted: Promise<void>;
  #greet: () => void = () => undefined;
  #leave: (error: Error) => void = () => undefined;
  readonly #gone = new Promise<never>((_resolve, reject) => (this.#leave = reject));

  /** @param whyGone told what to say when the stream ends */
  constructor(
    private readonly stream: Duplex,
    whyGone: () => Promise<Error>,
  ) {
    this.#greeted = new Promise((resolve) => (this.#greet = resolve));
    this.#gone.catch(() => undefined);
    const lines = new LineSplitter((line) => this.#receive(line), 1 << 20);
    stream.on("data", (chunk: Buffer) => lines.push(chunk));
    const close = (): void => void (this.#closing ??= whyGone().then((error) => this.#close(error)));
    stream.on("close", close).on("error", close);
  }

  /** Waits for QEMU's greeting and enters command mode. */
  async negotiate(signal?: AbortSignal): Promise<void> {
    const greeted = (): Promise<void> => Promise.race([this.#greeted, this.#gone]);
    await withDeadline("QEMU's greeting", { timeoutMs: REPLY_TIMEOUT_MS, signal }, greeted);
    await this.command("qmp_capabilities");
  }

  async command(name: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (this.#closed) throw this.#closed;
    const id = ++this.#lastId;
    return withDeadline(`QEMU's answer to ${name}`, { timeoutMs: REPLY_TIMEOUT_MS }, () => {
      const reply = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
      this.stream.write(`${JSON.stringify({ execute: name, arguments: args, id })}\n`);
      return reply;
    }).finally(() => this.#waiting.delete(id));
  }

  /** Repeats a query until its answer is the one wanted. */
  async pollUntil(name: string, done: (answer: unknown) => boolean, signal?: AbortSignal): Promise<void> {
    await withDeadline(`QEMU to finish (${name})`, { timeoutMs: 120_000, signal }, async (ended) => {
      while (!done(await this.command(name))) await sleep(POLL_MS, ended);
    });
  }

  close(): void {
    this.stream.destroy();
  }

  #receive(line: string): void {
    let reply: QmpReply;
    try {
      reply = JSON.parse(line) as QmpReply;
    } catch {
      return;
    }
    if (reply.QMP !== undefined) this.#greet();
    const waiting = reply.id === undefined ? undefined : this.#waiting.get(reply.id);
    if (!waiting) return;
    if (reply.error) waiting.reject(new InfrastructureError("QEMU_REFUSED", `QEMU: ${reply.error.desc}`));
    else waiting.resolve(reply.return);
  }

  #close(error: Error): void {
    this.#closed ??= error;
    this.#leave(error);
    for (const { reject } of this.#waiting.values()) reject(error);
  }
}

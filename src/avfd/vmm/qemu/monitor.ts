/** What QEMU tells over its monitor (QMP): why the machine stopped, which its exit code does not say. */
import { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";
import { LineSplitter } from "../../../base/text/lines.js";
import type { VmmEnd } from "../contract.js";

/**
 * Follows the events of one QEMU. The machine starts without waiting for anybody at its monitor: an event that comes
 * before the greeting was answered is lost, but it takes a guest longer than that to stop.
 */
export class QemuMonitor {
  /** Settles when QEMU has closed its end, which is after its last event; never rejects. */
  readonly closed: Promise<void>;
  #end: VmmEnd | undefined;
  readonly #told = new EventEmitter();
  #lastId = 0;

  constructor(private readonly stream: Duplex) {
    const lines = new LineSplitter((line) => this.#hear(parseLine(line)));
    stream.on("error", () => undefined);
    stream.on("data", (chunk: Buffer) => lines.push(chunk));
    this.closed = new Promise((resolve) => stream.once("end", resolve).once("close", resolve));
    stream.write('{"execute":"qmp_capabilities"}\n');
  }

  /** Settles with QEMU's answer, and never when QEMU ends before. Throws an Error with QEMU's words. */
  execute(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const id = `avf-${(this.#lastId += 1)}`;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#told.once(id, ({ error, return: result }: QmpLine) => {
        if (error === undefined) resolve(result);
        else reject(new Error(`QEMU refused ${command}: ${error.desc ?? "no reason given"}`));
      });
    });
    this.stream.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    return answer;
  }

  /** Settles with the data of the next such event, and never when QEMU ends before. */
  event(name: string, wanted: (data: EventData) => boolean = () => true): Promise<EventData> {
    return new Promise((resolve) => {
      const hear = (data: EventData): void => {
        if (!wanted(data)) return;
        this.#told.off(`event ${name}`, hear);
        resolve(data);
      };
      this.#told.on(`event ${name}`, hear);
    });
  }

  #hear(told: QmpLine | undefined): void {
    // The first reason is the cause: a guest that panicked goes on to reset itself.
    this.#end ??= describeEnd(told);
    if (told?.event !== undefined) this.#told.emit(`event ${told.event}`, told.data ?? {});
    else if (told?.id !== undefined) this.#told.emit(told.id, told);
  }

  /** Undefined while nothing was told. */
  get end(): VmmEnd | undefined {
    return this.#end;
  }
}

export type EventData = Readonly<Record<string, unknown>>;

interface QmpLine {
  readonly id?: string;
  readonly event?: string;
  readonly data?: EventData;
  readonly error?: { readonly desc?: string };
  readonly return?: unknown;
}

function parseLine(line: string): QmpLine | undefined {
  try {
    return JSON.parse(line) as QmpLine;
  } catch {
    return undefined;
  }
}

/** Undefined for a line that tells of no end. */
export function describeQemuEvent(line: string): VmmEnd | undefined {
  return describeEnd(parseLine(line));
}

function describeEnd(told: QmpLine | undefined): VmmEnd | undefined {
  if (told?.event === "GUEST_PANICKED") return { kind: "crash" };
  if (told?.event !== "SHUTDOWN") return undefined;
  const reason = told.data?.["reason"];
  switch (reason) {
    case "guest-panic":
      return { kind: "crash" };
    case "guest-reset":
      return { kind: "reboot" };
    case "guest-shutdown":
      return { kind: "shutdown" };
    case "host-signal":
    case "host-qmp-quit":
      return { kind: "killed" };
    default:
      return { kind: "unknown", status: `shutdown by ${typeof reason === "string" ? reason : "unknown"}` };
  }
}

/** Lines that QEMU writes: replies and events. Its greeting, and what is no QMP, is passed over. */

export type QmpEventData = Readonly<Record<string, unknown>>;

export interface QmpEvent {
  readonly kind: "event";
  readonly name: string;
  readonly data: QmpEventData;
}

export interface QmpReply {
  readonly kind: "reply";
  readonly id: number;
  readonly return?: unknown;
  readonly error?: { readonly desc?: string };
}

/** Undefined for a line that is neither. */
export function parseMessage(line: string): QmpEvent | QmpReply | undefined {
  const said = parseLine(line);
  if (said?.event !== undefined) return { kind: "event", name: said.event, data: said.data ?? {} };
  if (typeof said?.id !== "number") return undefined;
  const { id, error } = said;
  return { kind: "reply", id, return: said.return, ...(error === undefined ? {} : { error }) };
}

interface QmpLine {
  readonly id?: unknown;
  readonly event?: string;
  readonly data?: QmpEventData;
  readonly error?: { readonly desc?: string };
  readonly return?: unknown;
}

function parseLine(line: string): QmpLine | undefined {
  try {
    return (JSON.parse(line) as QmpLine | null) ?? undefined;
  } catch {
    return undefined;
  }
}

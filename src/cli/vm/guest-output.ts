/** What a guest writes, on a stream of ours. On a terminal its control sequences are shown, not obeyed. */
import { LineSplitter } from "../../base/text/lines.js";
import { printableLine } from "../../base/printable.js";

interface GuestOutput {
  write(chunk: Buffer): void;
  /** No more comes: a line without an end is shown. */
  end(): void;
}

export interface GuestOutputOptions {
  /** A terminal gets the bytes as they are as well. */
  readonly raw?: boolean | undefined;
  /** Others write to the stream, too: only whole lines go there. */
  readonly shared?: boolean;
}

/** Longer lines of a shared stream are given out in pieces. */
const MAX_HELD_BYTES = 64 << 10;

/** Where there is no terminal, bytes stay as they are. */
export function guestOutput(
  stream: { readonly isTTY?: boolean; write(data: string | Uint8Array): boolean },
  { raw = false, shared = false }: GuestOutputOptions = {},
): GuestOutput {
  if (stream.isTTY === true && !raw) return shownLines((text) => void stream.write(text));
  const write = (chunk: Buffer): void => void stream.write(chunk);
  return shared ? wholeLines(write) : { write, end: () => undefined };
}

function shownLines(write: (text: string) => void): GuestOutput {
  const lines = new LineSplitter((line, piece) => {
    write(printableLine(line) + (piece === "first" || piece === "middle" ? "" : "\n"));
  });
  return { write: (chunk) => lines.push(chunk), end: () => lines.end() };
}

function wholeLines(write: (chunk: Buffer) => void): GuestOutput {
  let held: Buffer = Buffer.alloc(0);
  return {
    write: (chunk) => {
      const all = Buffer.concat([held, chunk]);
      const end = all.lastIndexOf("\n") + 1;
      const given = end === 0 && all.length > MAX_HELD_BYTES ? all.length : end;
      if (given > 0) write(all.subarray(0, given));
      held = all.subarray(given);
    },
    end: () => {
      if (held.length > 0) write(Buffer.concat([held, Buffer.from("\n")]));
      held = Buffer.alloc(0);
    },
  };
}

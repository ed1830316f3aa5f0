/** The client's side of wire.ts, for a client on the host. */
import { encodeFrame, FrameReader, WireError } from "./wire.js";

/** What avfd sends to a client that was asked for no file. */
export type ServerFrame =
  | { readonly kind: "output"; readonly stream: "stdout" | "stderr"; readonly bytes: Buffer }
  /** Asks for at most so many bytes of stdin, once. */
  | { readonly kind: "want"; readonly maxBytes: number }
  /** What the client is to print, and its exit code, when the connection ends without an exit frame. */
  | {
      readonly kind: "last-words";
      readonly exitCode: number;
      readonly stream: "stdout" | "stderr";
      readonly bytes: Buffer;
    }
  | { readonly kind: "exit"; readonly exitCode: number };

export function serverFrames(): FrameReader<ServerFrame> {
  return new FrameReader(decodeServerFrame);
}

const LEAST_BYTES: Readonly<Record<string, number>> = { W: 4, L: 8, X: 4 };

function decodeServerFrame(type: string, payload: Buffer): ServerFrame {
  if (payload.length < (LEAST_BYTES[type] ?? 0)) throw new WireError(`avfd sent a frame ${type} that is cut short`);
  switch (type) {
    case "O":
      return { kind: "output", stream: "stdout", bytes: payload };
    case "E":
      return { kind: "output", stream: "stderr", bytes: payload };
    case "W":
      return { kind: "want", maxBytes: payload.readUInt32LE(0) };
    case "L": {
      const stream = payload.readInt32LE(4) === 1 ? "stdout" : "stderr";
      return { kind: "last-words", exitCode: payload.readInt32LE(0), stream, bytes: payload.subarray(8) };
    }
    case "X":
      return { kind: "exit", exitCode: payload.readInt32LE(0) };
    default:
      throw new WireError(`avfd sent a frame of type ${JSON.stringify(type)}`);
  }
}

/** The first frame. @param argv a program's name and its arguments, without NUL */
export function encodeHeader(cwd: string, argv: readonly string[]): Buffer {
  return whole("H", Buffer.from(["2", cwd, ...argv, ""].join("\0")));
}

/** Bytes of stdin that avfd wants; none at its end. */
export function encodeInput(bytes: Buffer): Buffer {
  return whole("I", bytes);
}

function whole(type: string, payload: Buffer): Buffer {
  return Buffer.concat(encodeFrame(type, payload));
}

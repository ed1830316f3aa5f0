/**
 * Frames between avfd and its clients: `avfdc`, whose side is client/wire.h, and the host's own (host-wire.ts). Change all
 * together.
 */

const HEAD_BYTES = 5;
const MAX_FRAME_BYTES = 1 << 20;
/** Output goes out in pieces, so that one huge write does not become one huge frame. */
const OUTPUT_PIECE_BYTES = 64 * 1024;

/** What a client sends. */
export type ClientFrame =
  | { readonly kind: "header"; readonly header: ClientHeader }
  /** Bytes of stdin; empty at its end. */
  | { readonly kind: "input"; readonly bytes: Buffer }
  /** Answer to an `open` frame: a descriptor of the client, or a negative errno. */
  | { readonly kind: "opened"; readonly result: number };

export interface ClientHeader {
  readonly cwd: string;
  /** Name it was started with, without its folder, then its arguments. */
  readonly argv: readonly string[];
}

export class WireError extends Error {}

/** Collects chunks of a connection and hands over whole frames. Throws `WireError` for what none of ours sends. */
export class FrameReader<Frame> {
  #pending: Buffer = Buffer.alloc(0);

  constructor(private readonly decode: (type: string, payload: Buffer) => Frame) {}

  push(chunk: Buffer): readonly Frame[] {
    this.#pending = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    const frames: Frame[] = [];
    while (this.#pending.length >= HEAD_BYTES) {
      const length = this.#pending.readUInt32LE(1);
      if (length > MAX_FRAME_BYTES) throw new WireError(`a frame of ${length} bytes is too long`);
      if (this.#pending.length < HEAD_BYTES + length) break;
      const type = String.fromCharCode(this.#pending[0] ?? 0);
      frames.push(this.decode(type, this.#pending.subarray(HEAD_BYTES, HEAD_BYTES + length)));
      this.#pending = this.#pending.subarray(HEAD_BYTES + length);
    }
    return frames;
  }
}

export function decodeClientFrame(type: string, payload: Buffer): ClientFrame {
  switch (type) {
    case "H":
      return { kind: "header", header: decodeHeader(payload) };
    case "I":
      return { kind: "input", bytes: payload };
    case "F":
      if (payload.length !== 4) throw new WireError("an answer to open has 4 bytes");
      return { kind: "opened", result: payload.readInt32LE(0) };
    default:
      throw new WireError(`no frame has the type ${JSON.stringify(type)}`);
  }
}

function decodeHeader(payload: Buffer): ClientHeader {
  if (payload.at(-1) !== 0) throw new WireError("the header does not end with NUL");
  const [version, cwd, ...argv] = payload.toString("utf8", 0, payload.length - 1).split("\0");
  if (version !== "2" || cwd === undefined || argv.length === 0) {
    throw new WireError("the header is not one of version 2");
  }
  return { cwd, argv };
}

export function encodeOutput(stream: "stdout" | "stderr", bytes: Buffer): readonly Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += OUTPUT_PIECE_BYTES) {
    frames.push(...encodeFrame(stream === "stdout" ? "O" : "E", bytes.subarray(at, at + OUTPUT_PIECE_BYTES)));
  }
  return frames;
}

/** Asks for at most so many bytes of stdin, once. */
export function encodeWant(maxBytes: number): readonly Buffer[] {
  return encodeFrame("W", int32(maxBytes));
}

/** Asks the client to open a file with its own rights; it keeps the descriptor until `encodeClose`. */
export function encodeOpen(path: string, flags: number, mode: number): readonly Buffer[] {
  return encodeFrame("P", Buffer.concat([int32(flags), int32(mode), Buffer.from(path)]));
}

export function encodeClose(descriptor: number): readonly Buffer[] {
  return encodeFrame("C", int32(descriptor));
}

/** What the client prints, and its exit code, should this service die. */
export function encodeLastWords(exitCode: number, stream: "stdout" | "stderr", text: string): readonly Buffer[] {
  return encodeFrame("L", Buffer.concat([int32(exitCode), int32(stream === "stdout" ? 1 : 2), Buffer.from(text)]));
}

export function encodeExit(exitCode: number): readonly Buffer[] {
  return encodeFrame("X", int32(exitCode));
}

export function encodeFrame(type: string, payload: Buffer): readonly Buffer[] {
  const head = Buffer.alloc(HEAD_BYTES);
  head.write(type, 0, "latin1");
  head.writeUInt32LE(payload.length, 1);
  return [head, payload];
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/**
 * adb's sync protocol (AOSP adb/SYNC.TXT) over a connection to adbd. adbkit's own pull ends its stream before
 * it tells of a failure, so that a missing file looks like an empty one, and heeds no back-pressure; hence ours.
 */
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";

const MAX_DATA_BYTES = 64 * 1024;
const MAX_MESSAGE_BYTES = 4096;
const S_IFREG = 0o100000;

/** The device's own words for why it refused. */
export class SyncRefusal extends Error {}

export class SyncSession {
  readonly #reader: ExactReader;

  constructor(private readonly socket: Duplex) {
    this.#reader = new ExactReader(socket);
    // Reads and writes report it; without a listener it would end the process.
    socket.on("error", () => undefined);
  }

  /** Content of a file; links are followed. */
  async *receive(path: string): AsyncGenerator<Buffer, void> {
    this.socket.write(packet("RECV", Buffer.from(path)));
    for (;;) {
      const { id, length } = await this.#header();
      if (id === "DONE") return;
      if (id === "FAIL") throw new SyncRefusal(await this.#message(length));
      if (id !== "DATA" || length > MAX_DATA_BYTES)
        throw new Error(`unexpected ${id} of ${length} bytes in the sync protocol`);
      yield await this.#reader.read(length);
    }
  }

  /** Creates missing parent folders. */
  async send(content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, path: string, mode: number): Promise<void> {
    const refused = new AbortController();
    const reply = this.#reply().catch((error: unknown) => {
      refused.abort(error);
      throw error;
    });
    reply.catch(() => undefined);
    try {
      await pipeline(sendPackets(content, path, mode), this.socket, { end: false, signal: refused.signal });
    } catch (error) {
      throw refused.signal.aborted ? refused.signal.reason : error;
    }
    await reply;
  }

  end(): void {
    this.socket.destroy();
  }

  async #reply(): Promise<void> {
    const { id, length } = await this.#header();
    if (id === "FAIL") throw new SyncRefusal(await this.#message(length));
    if (id !== "OKAY") throw new Error(`unexpected ${id} in the sync protocol`);
  }

  async #header(): Promise<{ id: string; length: number }> {
    const header = await this.#reader.read(8);
    return { id: header.toString("latin1", 0, 4), length: header.readUInt32LE(4) };
  }

  async #message(length: number): Promise<string> {
    return (await this.#reader.read(Math.min(length, MAX_MESSAGE_BYTES))).toString("utf8");
  }
}

async function* sendPackets(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  path: string,
  mode: number,
): AsyncGenerator<Buffer> {
  yield packet("SEND", Buffer.from(`${path},${S_IFREG | mode}`));
  for await (const chunk of content) {
    for (let at = 0; at < chunk.length; at += MAX_DATA_BYTES)
      yield packet("DATA", chunk.subarray(at, at + MAX_DATA_BYTES));
  }
  yield header("DONE", Math.floor(Date.now() / 1000));
}

function packet(id: string, body: Uint8Array): Buffer {
  return Buffer.concat([header(id, body.length), body]);
}

function header(id: string, value: number): Buffer {
  const bytes = Buffer.alloc(8, id, "latin1");
  bytes.writeUInt32LE(value, 4);
  return bytes;
}

/** Reads by length. */
class ExactReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Duplex) {
    this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async read(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let missing = length; missing > 0;) {
      if (this.#rest.length === 0) {
        const next = await this.#chunks.next();
        if (next.done) throw new Error("the connection ended in the middle of a transfer");
        this.#rest = next.value;
      }
      const part = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(part.length);
      parts.push(part);
      missing -= part.length;
    }
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts, length);
  }
}

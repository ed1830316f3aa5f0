/** Keeps the last bytes of a stream in mind, beside whoever else reads it. */
import type { Readable } from "node:stream";

export class StreamTail {
  #bytes: Buffer = Buffer.alloc(0);

  constructor(private readonly maxBytes: number) {}

  follow(stream: Readable): void {
    stream.on("data", (chunk: Buffer) => {
      const all = Buffer.concat([this.#bytes, chunk]);
      this.#bytes = all.subarray(Math.max(0, all.length - this.maxBytes));
    });
  }

  text(): string {
    return this.#bytes.toString("utf8");
  }
}

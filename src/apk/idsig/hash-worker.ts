/**
 * The program of a hashing thread. It is one function that refers to nothing outside itself, because its text is what
 * the thread runs: so it needs no file of its own, whether in dist/, in a bundle or under a test runner.
 */
import type * as Crypto from "node:crypto";
import type * as FileSystem from "node:fs";
import type { MessagePort } from "node:worker_threads";

export interface HashThreadData {
  readonly fd: number;
  readonly fileSize: number;
  /** Hashed in front of each block. */
  readonly prefix: Uint8Array;
  /** Digests of one job a slot, shared with the thread that asks. */
  readonly slots: SharedArrayBuffer;
  readonly slotBytes: number;
}

/** Hash the blocks from `offset` on into a slot. */
export interface HashJob {
  readonly job: number;
  readonly offset: number;
  readonly length: number;
  readonly slot: number;
}

/** `error` when the file could not be read to the job's end. */
export interface HashAnswer {
  readonly job: number;
  readonly error?: string;
}

type Requires = {
  readonly crypto: typeof Crypto;
  readonly fs: typeof FileSystem;
  readonly port: MessagePort;
  readonly data: HashThreadData;
};

export const HASH_THREAD_SOURCE = `"use strict";
const threads = require("node:worker_threads");
(${hashThread.toString()})({
  crypto: require("node:crypto"),
  fs: require("node:fs"),
  port: threads.parentPort,
  data: threads.workerData,
});`;

function hashThread({ crypto, fs, port, data }: Requires): void {
  const blockBytes = 4096;
  // Small enough to stay in the core's cache between the read and the hash.
  const buffer = Buffer.alloc(64 * blockBytes);
  const blocks = Array.from({ length: 64 }, (_, index) =>
    buffer.subarray(index * blockBytes, (index + 1) * blockBytes),
  );
  const digests = Buffer.from(data.slots);
  const digest = (block: Buffer): string =>
    data.prefix.length === 0
      ? crypto.hash("sha256", block, "binary")
      : crypto.createHash("sha256").update(data.prefix).update(block).digest("binary");

  const readBlocks = (offset: number, wanted: number): void => {
    for (let done = 0; done < wanted;) {
      const got = fs.readSync(data.fd, buffer, done, wanted - done, offset + done);
      if (got === 0) throw new Error(`the file ends at ${offset + done}, before its ${data.fileSize} bytes`);
      done += got;
    }
    buffer.fill(0, wanted, Math.ceil(wanted / blockBytes) * blockBytes);
  };

  const run = ({ offset, length, slot }: HashJob): void => {
    let to = slot * data.slotBytes;
    for (let at = 0; at < length; at += buffer.length) {
      const wanted = Math.min(buffer.length, length - at);
      readBlocks(offset + at, wanted);
      let text = "";
      for (let index = 0; index * blockBytes < wanted; index += 1) text += digest(blocks[index]!);
      to += digests.write(text, to, "latin1");
    }
  };

  port.on("message", (job: HashJob) => {
    try {
      run(job);
      port.postMessage({ job: job.job } satisfies HashAnswer);
    } catch (error) {
      port.postMessage({ job: job.job, error: error instanceof Error ? error.message : String(error) });
    }
  });
}

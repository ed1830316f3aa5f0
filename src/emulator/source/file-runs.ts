/** A file as runs: what is zeros, what an earlier place in the files holds as well, and the rest. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { Run } from "./device-index.js";

/** Files in a file system's image begin at multiples of this: what is there twice is found block by block. */
const BLOCK_BYTES = 4096;
const CHUNK_BYTES = 1 << 20;
const ZEROS = Buffer.alloc(CHUNK_BYTES);

/** Where blocks were seen first, by their hash. */
export type KnownBlocks = Map<string, readonly [file: number, place: number]>;

export interface Block {
  readonly place: number;
  readonly bytes: Buffer;
  /** Its bytes were not seen before. */
  readonly isNew: boolean;
}

/**
 * Yields the blocks that are not zeros, in their order, and fills `runs` meanwhile.
 * @param number the file's place in the list
 */
export async function* readRuns(path: string, number: number, known: KnownBlocks, runs: Run[]): AsyncGenerator<Block> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    for (let at = 0; at < size;) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - at));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
      if (bytesRead !== chunk.length) throw new Error(`${path} became shorter while it was read`);
      if (isZeros(chunk)) append(runs, ["zeros", chunk.length]);
      else yield* blocksOf(chunk, at, number, known, runs);
      at += chunk.length;
    }
  } finally {
    await file.close();
  }
}

function* blocksOf(chunk: Buffer, at: number, number: number, known: KnownBlocks, runs: Run[]): Generator<Block> {
  for (let start = 0; start < chunk.length; start += BLOCK_BYTES) {
    const bytes = chunk.subarray(start, start + BLOCK_BYTES);
    if (isZeros(bytes)) {
      append(runs, ["zeros", bytes.length]);
      continue;
    }
    const hash = createHash("sha256").update(bytes).digest("base64");
    const place = at + start;
    const seen = known.get(hash);
    if (seen === undefined) known.set(hash, [number, place]);
    append(runs, seen === undefined ? ["data", bytes.length] : ["copy", ...seen, bytes.length]);
    yield { place, bytes, isNew: seen === undefined };
  }
}

function isZeros(bytes: Buffer): boolean {
  return bytes.equals(ZEROS.subarray(0, bytes.length));
}

/** As part of the last run where it continues from there. */
function append(runs: Run[], run: Run): void {
  const last = runs.at(-1);
  if (last?.[0] === "copy" && run[0] === "copy" && last[1] === run[1] && last[2] + last[3] === run[2]) {
    runs[runs.length - 1] = ["copy", last[1], last[2], last[3] + run[3]];
  } else if (last !== undefined && last[0] !== "copy" && last[0] === run[0]) {
    runs[runs.length - 1] = [last[0], last[1] + run[1]];
  } else {
    runs.push(run);
  }
}

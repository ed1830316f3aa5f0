/** Block digests of a large file, hashed on all cores, handed over in the file's order. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { ApkError } from "../apk-error.js";
import { HASH_THREAD_SOURCE, type HashAnswer, type HashJob, type HashThreadData } from "./hash-worker.js";
import { BLOCK_BYTES, HASH_BYTES } from "./tree-layout.js";

interface HashFileOptions {
  /** Hashed in front of each block. */
  readonly prefix: Uint8Array;
  /** Takes the digests of the next blocks; they are good until its promise is settled. */
  readonly onDigests: (digests: Buffer) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
  /** Default: one a core, 8 at most. */
  readonly threads?: number | undefined;
}

const JOB_BYTES = 4 * 1024 * 1024;
const SLOT_BYTES = (JOB_BYTES / BLOCK_BYTES) * HASH_BYTES;
const MAX_THREADS = 8;
/** Starting threads costs as much as hashing this much on one. */
const SMALLEST_BYTES = 32 * 1024 * 1024;

export function isWorthThreads(fileSize: number): boolean {
  return fileSize >= SMALLEST_BYTES && availableParallelism() > 1;
}

/** Whatever happens, the threads are gone when the promise is settled. */
export async function hashFile(fd: number, fileSize: number, options: HashFileOptions): Promise<void> {
  const { threads = Math.min(availableParallelism(), MAX_THREADS), signal } = options;
  const jobs = Math.ceil(fileSize / JOB_BYTES);
  // One job under way and one waiting for each thread, so that none is idle while digests are taken over.
  const slotCount = Math.min(jobs, threads * 2);
  const slots = new SharedArrayBuffer(slotCount * SLOT_BYTES);
  const data: HashThreadData = { fd, fileSize, prefix: options.prefix, slots, slotBytes: SLOT_BYTES };
  const pool = new HashThreads(Math.min(threads, jobs), data, signal);
  try {
    const start = (job: number): void => {
      const offset = job * JOB_BYTES;
      if (job < jobs)
        pool.start({ job, offset, length: Math.min(JOB_BYTES, fileSize - offset), slot: job % slotCount });
    };
    for (let job = 0; job < slotCount; job += 1) start(job);
    for (let job = 0; job < jobs; job += 1) {
      await pool.finished(job);
      const blocks = Math.ceil(Math.min(JOB_BYTES, fileSize - job * JOB_BYTES) / BLOCK_BYTES);
      await options.onDigests(Buffer.from(slots, (job % slotCount) * SLOT_BYTES, blocks * HASH_BYTES));
      start(job + slotCount);
    }
  } finally {
    await pool.close();
  }
}

class HashThreads {
  readonly #threads: readonly Worker[];
  readonly #done = new Set<number>();
  readonly #signal: AbortSignal | undefined;
  #failure: Error | undefined;
  #wake = (): void => undefined;

  constructor(count: number, workerData: HashThreadData, signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.addEventListener("abort", this.#abort);
    this.#threads = Array.from({ length: count }, () => {
      const thread = new Worker(HASH_THREAD_SOURCE, { eval: true, workerData, execArgv: [] });
      thread.on("message", ({ job, error }: HashAnswer) => {
        if (error === undefined) this.#done.add(job);
        else this.#fail(new ApkError("TRUNCATED", error, { field: "file" }));
        this.#wake();
      });
      thread.on("error", (error) => this.#fail(error));
      return thread;
    });
    if (signal?.aborted) this.#abort();
  }

  start(job: HashJob): void {
    this.#threads[job.job % this.#threads.length]?.postMessage(job);
  }

  async finished(job: number): Promise<void> {
    while (!this.#done.delete(job)) {
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async close(): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#abort);
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  readonly #abort = (): void => this.#fail(this.#signal?.reason as Error);

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }
}

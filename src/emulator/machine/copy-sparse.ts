/** Copies of what machines write to: files of gigabytes, of which a part is there. */
import { open, type FileHandle } from "node:fs/promises";
import { withDeadline } from "../../base/deadline.js";
import { CommandFailedError, runUnchecked, type CommandResult } from "../../process/run.js";

interface CopyOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Read at once: on a busy host each read is a wait, and most of a disk of 8 GB is holes. */
const PIECE_BYTES = 16 << 20;
/** What is zeros throughout it is not written. */
const SLICE_BYTES = 1 << 18;
const ZEROS = Buffer.alloc(SLICE_BYTES);
const DEFAULT_TIMEOUT_MS = 60_000;
/** How much longer reading the holes may take. */
const BY_PIECES_TIMES = 5;

/** What is zeros in it takes no room in the copy. Where the file system can, copies share what they have in common. */
export async function copySparse(from: string, to: string, options: CopyOptions = {}): Promise<void> {
  const result = await runUnchecked(["cp", "--sparse=always", "--reflink=auto", from, to], options);
  if (result.exitCode === 0) return;
  if (!isAnotherCp(result)) throw new CommandFailedError(result);
  await copyByPieces(from, to, options);
}

/** That of busybox knows neither option, and would fill the holes of a file. */
function isAnotherCp({ startFailure, stderr }: CommandResult): boolean {
  return startFailure === "ENOENT" || /unrecognized option|unknown option|invalid option/i.test(stderr);
}

/** Exported for tests. Slower than cp: it has to read the holes, too. */
export async function copyByPieces(from: string, to: string, options: CopyOptions = {}): Promise<void> {
  const timeoutMs = (options.timeoutMs ?? DEFAULT_TIMEOUT_MS) * BY_PIECES_TIMES;
  await withDeadline(`a copy of ${from}`, { timeoutMs, signal: options.signal }, async (signal) => {
    const source = await open(from, "r");
    try {
      const target = await open(to, "w");
      try {
        await copyPieces(source, target, signal);
      } finally {
        await target.close();
      }
    } finally {
      await source.close();
    }
  });
}

async function copyPieces(source: FileHandle, target: FileHandle, signal: AbortSignal): Promise<void> {
  const buffer = Buffer.allocUnsafe(PIECE_BYTES);
  let at = 0;
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await source.read(buffer, 0, PIECE_BYTES, at);
    if (bytesRead === 0) break;
    for (let start = 0; start < bytesRead; start += SLICE_BYTES) {
      const slice = buffer.subarray(start, Math.min(start + SLICE_BYTES, bytesRead));
      if (!slice.equals(ZEROS.subarray(0, slice.length))) await writeAll(target, slice, at + start);
    }
    at += bytesRead;
  }
  await target.truncate(at);
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

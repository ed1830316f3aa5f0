/**
 * What a machine has changed of its memory, which it maps copy-on-write from a file: the kernel keeps account of it, so that
 * nobody has to look at the rest. A device has 2 GiB, of which it changes some hundred megabytes.
 */
import { open, readFile, realpath, type FileHandle } from "node:fs/promises";
import { InfrastructureError, isHarnessError } from "../../base/errors.js";

interface ChangedMemory {
  /** Of the machine's process, a child of ours. It has to stand still. */
  readonly pid: number;
  /** What it maps. */
  readonly memoryFile: string;
  /** A copy of that file, which becomes the machine's memory as it is. */
  readonly target: string;
  readonly signal: AbortSignal;
}

const PAGE_BYTES = 4096;
const ENTRY_BYTES = 8;
/** Account of 256 MiB at once. */
const ENTRIES_AT_ONCE = 65_536;
const MAX_COPY_BYTES = 4 * 2 ** 20;

/** In the upper half of an entry of `pagemap` (Documentation/admin-guide/mm/pagemap.rst of the kernel). */
const PRESENT = 1 << 31;
const SWAPPED = 1 << 30;
/** The page is the file's own, or shared: not a copy that the process made for itself. */
const OF_FILE = 1 << 29;

/** Bytes written. @throws InfrastructureError where the kernel does not let us look into the process */
export async function copyChangedMemory({ pid, memoryFile, target, signal }: ChangedMemory): Promise<number> {
  let bytes = 0;
  const files: FileHandle[] = [];
  try {
    const ranges = await mappedRanges(pid, await realpath(memoryFile));
    for (const path of [`/proc/${pid}/pagemap`, `/proc/${pid}/mem`]) files.push(await open(path, "r"));
    files.push(await open(target, "r+"));
    const [pagemap, memory, copy] = files as [FileHandle, FileHandle, FileHandle];
    for (const range of ranges) {
      for await (const run of changedRuns(pagemap, range)) {
        signal.throwIfAborted();
        await copyRun(memory, copy, run, range.offset - range.start);
        bytes += run.bytes;
      }
    }
  } catch (error) {
    if (signal.aborted || isHarnessError(error)) throw error;
    throw new InfrastructureError("MEMORY_UNREADABLE", "The memory of the emulated device's QEMU cannot be read.", {
      cause: error,
      hint: isForbidden(error)
        ? "a process may read that of its children unless kernel.yama.ptrace_scope is 2 or 3, see sysctl"
        : undefined,
    });
  } finally {
    for (const file of files) await file.close();
  }
  return bytes;
}

function isForbidden(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EACCES" || code === "EPERM";
}

interface MappedRange {
  /** Address in the process. */
  readonly start: number;
  readonly bytes: number;
  /** In the file. */
  readonly offset: number;
}

async function mappedRanges(pid: number, file: string): Promise<readonly MappedRange[]> {
  const lines = (await readFile(`/proc/${pid}/maps`, "utf8")).split("\n");
  const ranges = lines.flatMap((line) => {
    const [, start = "", end = "", offset = "", path] = /^(\w+)-(\w+) \S+ (\w+) \S+ \d+ +(.*)$/.exec(line) ?? [];
    // As the kernel writes it: a line has to be one.
    if (path?.replaceAll("\\012", "\n") !== file) return [];
    const from = Number.parseInt(start, 16);
    return [{ start: from, bytes: Number.parseInt(end, 16) - from, offset: Number.parseInt(offset, 16) }];
  });
  if (ranges.length > 0) return ranges;
  throw new Error(`process ${pid} does not map ${file}`);
}

interface Run {
  readonly start: number;
  readonly bytes: number;
}

async function* changedRuns(pagemap: FileHandle, range: MappedRange): AsyncGenerator<Run> {
  const pages = range.bytes / PAGE_BYTES;
  const account = Buffer.alloc(ENTRIES_AT_ONCE * ENTRY_BYTES);
  for (let first = 0; first < pages; first += ENTRIES_AT_ONCE) {
    const start = range.start + first * PAGE_BYTES;
    const count = Math.min(ENTRIES_AT_ONCE, pages - first);
    await readFully(pagemap, account, count * ENTRY_BYTES, (start / PAGE_BYTES) * ENTRY_BYTES);
    let begun: number | undefined;
    for (let page = 0; page <= count; page++) {
      const changed = page < count && isChanged(account.readInt32LE(page * ENTRY_BYTES + 4));
      if (changed) begun ??= page;
      else if (begun !== undefined) {
        yield { start: start + begun * PAGE_BYTES, bytes: (page - begun) * PAGE_BYTES };
        begun = undefined;
      }
    }
  }
}

function isChanged(upper: number): boolean {
  return (upper & (PRESENT | SWAPPED)) !== 0 && (upper & OF_FILE) === 0;
}

async function copyRun(memory: FileHandle, copy: FileHandle, { start, bytes }: Run, shift: number): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(bytes, MAX_COPY_BYTES));
  for (let done = 0; done < bytes; done += buffer.length) {
    const part = Math.min(buffer.length, bytes - done);
    await readFully(memory, buffer, part, start + done);
    await writeFully(copy, buffer, part, start + done + shift);
  }
}

async function writeFully(file: FileHandle, buffer: Buffer, bytes: number, position: number): Promise<void> {
  try {
    for (let done = 0; done < bytes;) {
      done += (await file.write(buffer, done, bytes - done, position + done)).bytesWritten;
    }
  } catch (cause) {
    throw new InfrastructureError("DISK_NOT_SAVED", "The emulated device's memory could not be saved.", {
      cause,
      hint: "see how much room is left in AVF_CACHE_DIR",
    });
  }
}

async function readFully(file: FileHandle, buffer: Buffer, bytes: number, position: number): Promise<void> {
  for (let done = 0; done < bytes;) {
    const { bytesRead } = await file.read(buffer, done, bytes - done, position + done);
    if (bytesRead === 0) throw new Error(`nothing is there at ${(position + done).toString(16)}`);
    done += bytesRead;
  }
}

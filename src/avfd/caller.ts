/** The process on the device that a command runs for, as commands see it. */
import type { FileHandle } from "node:fs/promises";
import type { Writable } from "node:stream";

export interface Caller {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly cwd: string;
  /** Aborted when the process is gone: what runs for it ends then. */
  readonly gone: AbortSignal;
  /** Bytes for its stdout, with back-pressure: a caller that does not read blocks the writer. */
  readonly stdout: Writable;
  readonly stderr: Writable;
  print(line: string): void;
  printError(line: string): void;
  /** Reads stdin, at most so many bytes; undefined at its end. Nothing is read from the caller's stdin without this. */
  readInput(maxBytes: number): Promise<Buffer | undefined>;
  /**
   * Opens a file with the rights, umask and working folder of the caller, and for our own use.
   * Throws `CallerFileError` with the errno when the caller may not.
   */
  open(path: string, flags: number, mode?: number): Promise<FileHandle>;
  /** What it prints, and its exit code, should this service die before the command ends. */
  setLastWords(exitCode: number, stream: "stdout" | "stderr", text: string): void;
}

/** A file of the caller could not be opened. `message` reads as Rust and C print it, without the path. */
export class CallerFileError extends Error {
  constructor(
    readonly path: string,
    readonly errno: number,
    readonly description: string,
  ) {
    super(`${description} (os error ${errno})`);
  }
}

const ENOENT = 2;

/** Undefined when there is no such file. */
export async function openIfThere(caller: Caller, path: string, flags: number): Promise<FileHandle | undefined> {
  try {
    return await caller.open(path, flags);
  } catch (error) {
    if (error instanceof CallerFileError && error.errno === ENOENT) return undefined;
    throw error;
  }
}

/** Runs one program name of the device, e.g. `pm`; the result is its exit code. */
export type Command = (caller: Caller, args: readonly string[]) => Promise<number>;

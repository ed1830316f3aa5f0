/** Where a VM's console and log go, and where its console input comes from. */
import { constants } from "node:fs";
import { Readable, type Writable } from "node:stream";
import type { Caller } from "../../../caller.js";
import type { VmStreamEnds } from "../../../virtualization/vm-options.js";
import { debugString, withContext } from "../rust-text.js";
import { openBounded, type FileBound } from "./bounded-file.js";

interface StreamPaths {
  readonly console: string | undefined;
  readonly consoleIn: string | undefined;
  readonly log: string | undefined;
}

/** What stands in for a stream that has no path. */
interface StreamDefaults {
  /** False for a VM that its client leaves (`--daemonize`): output without a path is dropped then. */
  readonly attached: boolean;
  /** Since release 15 the console's input comes from stdin; before, there is none. */
  readonly consoleInput: boolean;
  /** What the file of `paths.console` is called when it cannot be opened. */
  readonly consoleFile: "console file" | "console output file";
  /** Of each file. */
  readonly bound: FileBound;
}

const INPUT_PIECE_BYTES = 4096;

/** Files are created or truncated. The console input of a path that is a file ends at the file's end. */
export async function openVmStreams(
  caller: Caller,
  paths: StreamPaths,
  { attached, consoleInput, consoleFile, bound }: StreamDefaults,
): Promise<VmStreamEnds> {
  const files: (Readable | Writable)[] = [];
  const keep = <T extends Readable | Writable>(stream: T): T => {
    files.push(swallowErrors(stream));
    return stream;
  };
  const output = async (path: string | undefined, what: string): Promise<Writable | undefined> => {
    if (path === undefined) return attached ? caller.stdout : undefined;
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC;
    const file = await withContext(`Failed to open ${what} ${debugString(path)}`, () => caller.open(path, flags));
    return keep(await openBounded(file, bound));
  };
  try {
    // One after the other: opening empties a file, and waits for the other end of a pipe.
    return {
      consoleOut: await output(paths.console, consoleFile),
      consoleIn: consoleInput ? keep(await openConsoleInput(caller, paths.consoleIn)) : undefined,
      log: await output(paths.log, "log file"),
      messages: attached ? caller.stderr : undefined,
    };
  } catch (error) {
    for (const file of files) file.destroy();
    throw error;
  }
}

/**
 * Streams of files are ours to end; the caller's own are not. The input is let go of at once: its file may be a pipe whose
 * other end is silent. A VM that never ran has not done so.
 */
export function endVmStreams(caller: Caller, { consoleOut, consoleIn, log }: VmStreamEnds): Promise<void> {
  consoleIn?.destroy();
  const files = [consoleOut, log].filter((stream) => stream !== undefined && stream !== caller.stdout);
  const ended = files.map(
    (stream) =>
      new Promise<void>((resolve) => {
        if (!stream || stream.destroyed) return resolve();
        stream.once("close", resolve);
        stream.end();
      }),
  );
  return Promise.all(ended).then(() => undefined);
}

/** Without a path: what the caller is given on stdin. */
export async function openConsoleInput(caller: Caller, path: string | undefined): Promise<Readable> {
  if (path === undefined) {
    return new Readable({
      highWaterMark: INPUT_PIECE_BYTES,
      read() {
        void caller.readInput(INPUT_PIECE_BYTES).then((bytes) => this.push(bytes ?? null));
      },
    });
  }
  const what = `Failed to open console input file ${debugString(path)}`;
  const file = await withContext(what, () => caller.open(path, constants.O_RDONLY));
  return swallowErrors(file.createReadStream({ highWaterMark: INPUT_PIECE_BYTES }));
}

/** A disk that is full must not end the service: the VM continues without its console file. */
function swallowErrors<T extends Readable | Writable>(stream: T): T {
  return stream.on("error", () => stream.destroy()) as T;
}

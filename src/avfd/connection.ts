/** One `avfdc` that is connected: from its header to its exit code. */
import { open, type FileHandle } from "node:fs/promises";
import { constants, statSync } from "node:fs";
import type { Socket } from "node:net";
import { Writable } from "node:stream";
import { CallerFileError, type Caller } from "./caller.js";
import { describeErrno } from "./errno.js";
import type { Peer } from "./kernel.js";
import {
  decodeClientFrame,
  encodeClose,
  encodeExit,
  encodeLastWords,
  encodeOpen,
  encodeOutput,
  encodeWant,
  FrameReader,
  type ClientFrame,
  type ClientHeader,
} from "./wire.js";

/** Flags that concern the creation of a file, and must not be repeated when it is opened a second time. */
const CREATION_FLAGS = constants.O_CREAT | constants.O_EXCL | constants.O_TRUNC | constants.O_NOFOLLOW;

/**
 * Takes over a fresh connection; `run` gets the caller and its argument vector, and returns the exit code.
 * @param peer who connected, as the kernel says; what a client says about itself would not be believed
 */
export function serveConnection(
  socket: Socket,
  peer: Peer,
  run: (caller: Caller, argv: readonly string[]) => Promise<number>,
): void {
  const reader = new FrameReader(decodeClientFrame);
  let connection: ClientConnection | undefined;
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    try {
      for (const frame of reader.push(chunk)) {
        if (connection) connection.receive(frame);
        else if (frame.kind === "header") {
          connection = new ClientConnection(socket, peer, frame.header);
          void connection.serve(run);
        } else throw new Error("the first frame is the header");
      }
    } catch {
      // Not one of ours: nothing it could read would help it.
      socket.destroy();
    }
  });
}

class ClientConnection implements Caller {
  readonly pid: number;
  readonly cwd: string;
  readonly gone: AbortSignal;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly uid: number;
  readonly gid: number;
  readonly #argv: readonly string[];
  #waitingInput: ((bytes: Buffer | undefined) => void) | undefined;
  /** The client answers in order. */
  readonly #waitingOpens: ((result: number) => void)[] = [];

  constructor(
    private readonly socket: Socket,
    peer: Peer,
    header: ClientHeader,
  ) {
    const gone = new AbortController();
    this.gone = gone.signal;
    this.pid = peer.pid;
    this.uid = peer.uid;
    this.gid = peer.gid;
    this.cwd = header.cwd;
    this.#argv = header.argv;
    this.stdout = this.#output("stdout");
    this.stderr = this.#output("stderr");
    socket.once("close", () => {
      gone.abort(new Error(`the client with process id ${this.pid} is gone`));
      this.#waitingInput?.(undefined);
      for (const answer of this.#waitingOpens.splice(0)) answer(-1);
    });
  }

  async serve(run: (caller: Caller, argv: readonly string[]) => Promise<number>): Promise<void> {
    const exitCode = await run(this, this.#argv);
    await Promise.all([ended(this.stdout), ended(this.stderr)]);
    this.#send(encodeExit(exitCode));
    this.socket.end();
  }

  receive(frame: ClientFrame): void {
    if (frame.kind === "input") {
      this.#waitingInput?.(frame.bytes.length > 0 ? frame.bytes : undefined);
      this.#waitingInput = undefined;
    } else if (frame.kind === "opened") {
      this.#waitingOpens.shift()?.(frame.result);
    } else throw new Error("only the first frame is a header");
  }

  print(line: string): void {
    this.stdout.write(`${line}\n`);
  }

  printError(line: string): void {
    this.stderr.write(`${line}\n`);
  }

  async readInput(maxBytes: number): Promise<Buffer | undefined> {
    if (this.gone.aborted) return undefined;
    return new Promise((resolve) => {
      this.#waitingInput = resolve;
      this.#send(encodeWant(maxBytes));
    });
  }

  async open(path: string, flags: number, mode = 0o666): Promise<FileHandle> {
    this.gone.throwIfAborted();
    const result = await new Promise<number>((resolve) => {
      this.#waitingOpens.push(resolve);
      this.#send(encodeOpen(path, flags, mode));
    });
    this.gone.throwIfAborted();
    if (result < 0) throw new CallerFileError(path, -result, describeErrno(-result));
    try {
      return await openAgain(`/proc/${this.pid}/fd/${result}`, flags & ~CREATION_FLAGS);
    } finally {
      this.#send(encodeClose(result));
    }
  }

  setLastWords(exitCode: number, stream: "stdout" | "stderr", text: string): void {
    this.#send(encodeLastWords(exitCode, stream, text));
  }

  #output(stream: "stdout" | "stderr"): Writable {
    const output = new Writable({
      decodeStrings: true,
      write: (chunk: Buffer, _encoding, done) => {
        if (this.#send(encodeOutput(stream, chunk))) return done();
        this.#whenDrained(done);
      },
    });
    // Nobody listens any more: what is written goes nowhere, as with a closed terminal.
    output.on("error", () => undefined);
    return output;
  }

  #whenDrained(done: () => void): void {
    const go = (): void => {
      this.socket.off("drain", go);
      this.gone.removeEventListener("abort", go);
      done();
    };
    this.socket.on("drain", go);
    this.gone.addEventListener("abort", go, { once: true });
  }

  /** False: wait for `drain` before sending more. */
  #send(frames: readonly Buffer[]): boolean {
    if (this.gone.aborted || this.socket.destroyed) return true;
    // What is sent in one turn leaves in one piece: each would be a message of adb to the host, and an answer.
    if (this.socket.writableCorked === 0) {
      this.socket.cork();
      process.nextTick(() => this.socket.uncork());
    }
    let flowing = true;
    for (const frame of frames) flowing = this.socket.write(frame);
    return flowing;
  }
}

/**
 * Who had the other end of a pipe may have gone meanwhile, and a thread of ours would wait for the next one: so both ends are
 * open while it is opened. A reader then finds what is in it, and its end.
 */
async function openAgain(path: string, flags: number): Promise<FileHandle> {
  if (!statSync(path).isFIFO()) return open(path, flags);
  const both = await open(path, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    return await open(path, flags);
  } finally {
    await both.close();
  }
}

async function ended(stream: Writable): Promise<void> {
  if (stream.closed) return;
  return new Promise((resolve) => {
    stream.once("close", () => resolve());
    stream.end();
  });
}

/** adb's shell protocol, version 2 (AOSP adb: shell_protocol.h), for a command that runs to its end. */
import type { Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { HarnessError } from "../../../base/errors.js";

export interface ShellEnd {
  /** Undefined when the connection ended before the command. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const EXIT = 3;
const CLOSE_STDIN = 4;
const HEADER_BYTES = 5;
const MAX_INPUT_PACKET_BYTES = 16 << 10;
/** So that a device cannot fill our memory. */
const MAX_OUTPUT_BYTES = 64 << 20;

/** What `shell,v2,raw:COMMAND` leads to. The socket is ended. */
export async function runOverShellProtocol(socket: Socket, input: string | Uint8Array | undefined): Promise<ShellEnd> {
  try {
    // A command may end before it has read everything.
    void pipeline(inputPackets(Buffer.from(input ?? "")), socket, { end: false }).catch(() => undefined);
    return await readToEnd(socket);
  } finally {
    socket.destroy();
  }
}

function* inputPackets(input: Buffer): Generator<Buffer> {
  for (let at = 0; at < input.length; at += MAX_INPUT_PACKET_BYTES) {
    yield packet(STDIN, input.subarray(at, at + MAX_INPUT_PACKET_BYTES));
  }
  yield packet(CLOSE_STDIN, Buffer.alloc(0));
}

async function readToEnd(socket: Socket): Promise<ShellEnd> {
  const outputs: Record<number, Buffer[]> = { [STDOUT]: [], [STDERR]: [] };
  let exitCode: number | undefined;
  let printed = 0;
  const packets = new PacketReader((id, part) => {
    if (id === EXIT) exitCode = part[0];
    else if (outputs[id]) outputs[id].push(part);
    printed += part.length;
  });
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      packets.push(chunk);
      if (exitCode !== undefined) break;
      if (printed > MAX_OUTPUT_BYTES) throw tooMuchOutput();
    }
  } catch (error) {
    if (error instanceof HarnessError) throw error;
    // A connection that broke: the command has no exit code, whatever became of it.
  }
  const text = (id: number): string => Buffer.concat(outputs[id] ?? []).toString("utf8");
  return { exitCode, stdout: text(STDOUT), stderr: text(STDERR) };
}

/** A packet is an id, a length, and so many bytes. Those of the outputs are handed on in parts, as they come. */
class PacketReader {
  #header: Buffer = Buffer.alloc(0);
  #id = 0;
  #missing = 0;

  constructor(private readonly onPart: (id: number, part: Buffer) => void) {}

  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#missing > 0) {
        const part = rest.subarray(0, this.#missing);
        this.#missing -= part.length;
        rest = rest.subarray(part.length);
        this.onPart(this.#id, part);
        continue;
      }
      const wanted = HEADER_BYTES - this.#header.length;
      this.#header = Buffer.concat([this.#header, rest.subarray(0, wanted)]);
      rest = rest.subarray(wanted);
      if (this.#header.length < HEADER_BYTES) return;
      this.#id = this.#header.readUInt8(0);
      this.#missing = this.#header.readUInt32LE(1);
      this.#header = Buffer.alloc(0);
    }
  }
}

function packet(id: number, body: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(id, 0);
  header.writeUInt32LE(body.length, 1);
  return Buffer.concat([header, body]);
}

function tooMuchOutput(): HarnessError {
  return new HarnessError("expectation", "TOO_MUCH_OUTPUT", `It printed more than ${MAX_OUTPUT_BYTES >> 20} MiB.`, {
    hint: "let it write to a file, or attach to it with spawn() and read as it comes",
  });
}

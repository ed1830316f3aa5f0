/**
 * Takes the place of the client of a VM on a device that was put back. As `vm-attach` on the device does it, but from here:
 * no process has to be started there, on which a device that has run nothing yet spends a quarter of a second.
 */
import { PassThrough, Writable, type Duplex } from "node:stream";
import { SERVICE_SOCKET } from "../../avfd/device-paths.js";
import { encodeHeader, encodeInput, serverFrames, type ServerFrame } from "../../avfd/host-wire.js";
import type { Device, DeviceProcess } from "../../device/index.js";

const OVER = "the VM's client has ended";

/** The VM lives from then on as long as this process of sorts. */
export function replaceClient(device: Pick<Device, "connect">, cid: number): DeviceProcess {
  const argv = ["vm-attach", String(cid)];
  const client = new HostClient(argv);
  device.connect(SERVICE_SOCKET).then(
    (socket) => client.begin(socket),
    (error: Error) => client.fail(error),
  );
  const { stdin, stdout, stderr, ended } = client;
  return { argv, stdin, stdout, stderr, ended, stop: () => client.stop() };
}

type LastWords = Extract<ServerFrame, { kind: "last-words" }>;

class HostClient {
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly stdin: Writable;
  readonly ended: Promise<{ readonly exitCode: number | undefined }>;
  #settleEnded: (end: { readonly exitCode: number | undefined }) => void = () => undefined;
  #socket: Duplex | undefined;
  #over = false;
  #lastWords: LastWords | undefined;
  /** Bytes of stdin that were written and not asked for yet; empty: its end. */
  #typed: { readonly bytes: Buffer; readonly taken: (error?: Error) => void } | undefined;
  #wanted = 0;

  constructor(private readonly argv: readonly string[]) {
    this.ended = new Promise((resolve) => (this.#settleEnded = resolve));
    const type = (bytes: Buffer, taken: (error?: Error) => void): void => {
      if (this.#over) return taken(new Error(OVER));
      this.#typed = { bytes, taken };
      this.#sendInput();
    };
    this.stdin = new Writable({
      // None at all would be its end.
      write: (chunk: Buffer, _encoding, done) => (chunk.length === 0 ? done() : type(chunk, done)),
      final: (done) => type(Buffer.alloc(0), done),
    });
    this.stdin.on("error", () => undefined);
  }

  begin(socket: Duplex): void {
    if (this.#over) return void socket.destroy();
    this.#socket = socket;
    const frames = serverFrames();
    socket.on("data", (chunk: Buffer) => {
      try {
        for (const frame of frames.push(chunk)) this.#receive(frame);
      } catch (error) {
        this.fail(error as Error);
      }
    });
    socket.once("close", () => this.#end(this.#lastWords));
    // The end of adb's side; without it `close` would wait for ours.
    socket.once("end", () => socket.destroy());
    socket.write(encodeHeader("/", this.argv));
  }

  /** As a program says what kept it from starting. */
  fail(error: Error): void {
    if (this.#over) return;
    this.stderr.write(`${error.message}\n`);
    this.#end({ exitCode: 1 });
  }

  async stop(): Promise<void> {
    this.#end(undefined);
  }

  #receive(frame: ServerFrame): void {
    if (this.#over) return;
    switch (frame.kind) {
      case "output":
        return void this[frame.stream].write(frame.bytes);
      case "want":
        this.#wanted = frame.maxBytes;
        return this.#sendInput();
      case "last-words":
        this.#lastWords = frame;
        return;
      case "exit":
        return this.#end({ exitCode: frame.exitCode });
    }
  }

  #sendInput(): void {
    if (!this.#typed || this.#wanted === 0) return;
    const { bytes, taken } = this.#typed;
    const piece = bytes.subarray(0, this.#wanted);
    this.#wanted = 0;
    this.#socket?.write(encodeInput(piece));
    const rest = bytes.subarray(piece.length);
    this.#typed = rest.length > 0 ? { bytes: rest, taken } : undefined;
    if (this.#typed === undefined) taken();
  }

  /** Repeatable; the first end counts. */
  #end(end: LastWords | { readonly exitCode: number } | undefined): void {
    if (this.#over) return;
    this.#over = true;
    if (end !== undefined && "bytes" in end) this[end.stream].write(end.bytes);
    this.#settleEnded({ exitCode: end?.exitCode });
    for (const stream of [this.stdout, this.stderr]) stream.end();
    // Input that nothing reads any more fails, as with a broken pipe.
    this.#typed?.taken(new Error(OVER));
    this.#typed = undefined;
    this.stdin.destroy();
    this.#socket?.destroy();
  }
}

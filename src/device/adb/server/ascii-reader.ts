/** Reads the answers of an adb server, of which each part has a known length. What follows them is left in the socket. */
import { isError } from "../../../base/errors.js";
import type { Socket } from "node:net";

/** No answer of the server is longer, whatever it has to list. */
const MAX_TEXT_BYTES = 0xffff;

export class AsciiReader {
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  readonly #end = (failure: Error): void => {
    this.#failure ??= failure;
    this.#wake?.();
  };
  readonly #onReadable = (): void => this.#wake?.();
  readonly #onError = (error: Error): void => this.#end(error);
  readonly #onClose = (): void => this.#end(new Error("it hung up"));
  readonly #onAbort = (): void => {
    const reason: unknown = this.signal.reason;
    this.#end(isError(reason) ? reason : new Error("given up"));
    this.socket.destroy();
  };

  constructor(
    private readonly socket: Socket,
    private readonly signal: AbortSignal,
  ) {
    socket.on("readable", this.#onReadable).on("error", this.#onError);
    socket.on("end", this.#onClose).on("close", this.#onClose);
    signal.addEventListener("abort", this.#onAbort);
  }

  /** Exactly so many bytes. Rejects when the connection ends before. */
  async take(length: number): Promise<string> {
    if (length === 0) return "";
    for (;;) {
      const bytes = this.socket.read(length) as Buffer | null;
      if (bytes?.length === length) return bytes.toString("utf8");
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** A text behind its length in four hexadecimal digits. */
  async text(): Promise<string> {
    const digits = await this.take(4);
    const length = /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : MAX_TEXT_BYTES + 1;
    if (length > MAX_TEXT_BYTES) throw new Error(`not a length of adb: ${JSON.stringify(digits)}`);
    return this.take(length);
  }

  /** A little of what has come besides, for an error message. */
  rest(): string {
    const bytes = this.socket.read() as Buffer | null;
    return bytes?.toString("latin1", 0, 60) ?? "";
  }

  /** Hands the socket to who reads on. Its errors are theirs, if they listen. */
  release(): void {
    this.socket.off("readable", this.#onReadable).off("error", this.#onError);
    this.socket.off("end", this.#onClose).off("close", this.#onClose);
    this.socket.on("error", () => undefined);
    this.signal.removeEventListener("abort", this.#onAbort);
  }
}

/** The emulator's way in beside adb: JSON lines over a virtio-serial port. It outlives any number of emulators. */
import { constants, createReadStream } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { sleep } from "../../base/deadline.js";
import { LineSplitter } from "../../base/text/lines.js";

/** Settles with what the reply carries beside `id` and `ok`; a rejection is sent as `error`. */
export type ControlHandler = (request: ControlRequest) => Promise<Readonly<Record<string, unknown>>>;

export interface ControlRequest {
  readonly command: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The port reads as ended while no emulator holds its other end; there is no event for its return. */
const REOPEN_DELAY_MS = 50;
/** Entropy and properties are small. */
const MAX_REQUEST_BYTES = 1 << 20;

/** Serves the port at `path` until the signal fires. A missing port is waited for. Never rejects. */
export async function serveControl(path: string, handle: ControlHandler, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await serveOnce(path, handle, signal);
    } catch {
      // Not there yet, or its other end went away: the next round shows which.
    }
    await sleep(REOPEN_DELAY_MS, signal).catch(() => undefined);
  }
}

async function serveOnce(path: string, handle: ControlHandler, signal: AbortSignal): Promise<void> {
  const file = await open(path, constants.O_RDWR);
  try {
    await new Promise<void>((resolve, reject) => {
      const input = createReadStream("", { fd: file.fd, autoClose: false, highWaterMark: 64 * 1024 });
      const lines = new LineSplitter((line) => void answer(file, line, handle), MAX_REQUEST_BYTES);
      const onAbort = (): void => void input.destroy();
      signal.addEventListener("abort", onAbort, { once: true });
      input.on("data", (chunk) => lines.push(chunk as Buffer));
      input.once("error", reject);
      input.once("close", () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      });
    });
  } finally {
    await file.close();
  }
}

async function answer(file: FileHandle, line: string, handle: ControlHandler): Promise<void> {
  const request = parseRequest(line);
  if (!request) return;
  const reply = await handle(request).then(
    (fields) => ({ id: request.id, ok: true, ...fields }),
    (error: unknown) => ({ id: request.id, ok: false, error: error instanceof Error ? error.message : String(error) }),
  );
  // The emulator may be gone by now; nobody misses the reply then.
  await file.write(`${JSON.stringify(reply)}\n`).catch(() => undefined);
}

/** Undefined for what is no request: half a line from before a snapshot. */
export function parseRequest(line: string): (ControlRequest & { readonly id: number }) | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) return undefined;
    const { id, command, ...fields } = value as Record<string, unknown>;
    if (typeof id !== "number" || typeof command !== "string") return undefined;
    return { id, command, fields };
  } catch {
    return undefined;
  }
}

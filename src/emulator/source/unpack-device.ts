/** Makes an image of an installed device package: no program of the host has a part in it. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rm, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { constants, createBrotliDecompress } from "node:zlib";
import { makeReadable } from "../../base/cache/cache.js";
import { publishFolder } from "../../base/files/atomic-file.js";
import { draftOf } from "../../process/drafts.js";
import { describeError, isHarnessError } from "../../base/errors.js";
import type { Progress } from "../../base/progress.js";
import { noSpace } from "../needs/space.js";
import { DEVICE_DATA } from "./device-index.js";
import { damaged, requireWhole, type DevicePackage } from "./device-package.js";

interface UnpackOptions {
  readonly devicePackage: DevicePackage;
  /** Becomes the finished image, in one rename. */
  readonly imageFolder: string;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
}

const COPY_BYTES = 1 << 20;

export async function unpackDevice({ devicePackage, imageFolder, progress, signal }: UnpackOptions): Promise<void> {
  const draft = draftOf(imageFolder);
  progress.step("Unpacking the device of jest-avf-device");
  await rm(draft, { recursive: true, force: true });
  try {
    await requireWhole(devicePackage);
    await writeFiles(devicePackage, draft, progress, signal);
    // QEMU may be somebody else, see `machineUser`.
    makeReadable(draft);
    await publishFolder(draft, imageFolder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw explain(error, devicePackage, imageFolder);
  }
}

async function writeFiles(
  { folder, index }: DevicePackage,
  draft: string,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<void> {
  const hash = createHash("sha256");
  const packed = createReadStream(join(folder, DEVICE_DATA), {
    highWaterMark: COPY_BYTES,
    ...(signal ? { signal } : {}),
  });
  packed.on("data", (chunk) => hash.update(chunk));
  const unpacked = createBrotliDecompress({ params: { [constants.BROTLI_DECODER_PARAM_LARGE_WINDOW]: 1 } });
  packed.on("error", (error) => unpacked.destroy(error));
  // The next reader gets it; meanwhile there may be no listener.
  unpacked.on("error", () => packed.destroy());
  const pieces = new Pieces(packed.pipe(unpacked));
  for (const [number, file] of index.files.entries()) {
    progress.detail(`${number + 1} of ${index.files.length} files`);
    const path = join(draft, file.path);
    await mkdir(dirname(path), { recursive: true });
    const handle = await open(path, "wx+", file.executable ? 0o755 : 0o644);
    try {
      let at = 0;
      for (const [kind, ...numbers] of file.runs) {
        const bytes = numbers.at(-1) ?? 0;
        if (kind === "data") await pieces.writeTo(handle, at, bytes);
        if (kind === "copy") {
          const [from = 0, place = 0] = numbers;
          await copyPiece(
            from === number ? handle : join(draft, index.files[from]?.path ?? ""),
            place,
            handle,
            at,
            bytes,
          );
        }
        at += bytes;
      }
      // Zeros are holes, at the end as well.
      await handle.truncate(at);
      await handle.chmod(file.executable ? 0o755 : 0o644);
    } finally {
      await handle.close();
    }
  }
  await pieces.end();
  const sha256 = hash.digest("hex");
  if (sha256 !== index.data.sha256) throw new Error(`${DEVICE_DATA} has other bytes than when it was packed`);
}

/** A stream, taken in pieces of given sizes. */
class Pieces {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Buffer>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  async writeTo(file: FileHandle, position: number, bytes: number): Promise<void> {
    let written = 0;
    while (written < bytes) {
      if (this.#rest.length === 0) {
        const next = await this.#chunks.next();
        if (next.done === true) throw new Error(`${DEVICE_DATA} ends too early`);
        this.#rest = next.value;
      }
      const piece = this.#rest.subarray(0, bytes - written);
      await writeAll(file, piece, position + written);
      written += piece.length;
      this.#rest = this.#rest.subarray(piece.length);
    }
  }

  /** Reads on to the end, where there is nothing. */
  async end(): Promise<void> {
    const next = await this.#chunks.next();
    if (this.#rest.length > 0 || next.done !== true) throw new Error(`${DEVICE_DATA} holds more than its files need`);
  }
}

async function copyPiece(
  from: FileHandle | string,
  place: number,
  to: FileHandle,
  at: number,
  bytes: number,
): Promise<void> {
  const source = typeof from === "string" ? await open(from, "r") : from;
  try {
    const buffer = Buffer.allocUnsafe(Math.min(bytes, COPY_BYTES));
    for (let done = 0; done < bytes;) {
      const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, bytes - done), place + done);
      if (bytesRead === 0) throw new Error("a file is shorter than the index says");
      await writeAll(to, buffer.subarray(0, bytesRead), at + done);
      done += bytesRead;
    }
  } finally {
    if (typeof from === "string") await source.close();
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

function explain(error: unknown, { folder, version }: DevicePackage, imageFolder: string): unknown {
  const { name, code } = error as Partial<NodeJS.ErrnoException>;
  if (isHarnessError(error) || name === "AbortError") return error;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return noSpace(`No disk space left to unpack the device in ${dirname(imageFolder)}.`, error);
  }
  // What happened to the folder that it is unpacked into says so itself.
  if (code !== undefined && !/^(ENOENT|Z_|ERR_|EIO)/.test(code)) return error;
  return damaged(folder, version, describeError(error), error);
}

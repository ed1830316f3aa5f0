/** Makes the files of a device package out of a finished image: the way back is `unpack-device.ts`. */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { filesBelow } from "../../base/files/files-below.js";
import { pipeline } from "node:stream/promises";
import { constants, createBrotliCompress } from "node:zlib";
import { TREE_RECORD } from "../packages/tree-digest.js";
import type { PackageFile } from "../packages/unpack.js";
import {
  DEVICE_DATA,
  DEVICE_INDEX,
  deviceIndex,
  type DeviceIndex,
  type IndexedFile,
  type Run,
} from "./device-index.js";
import { readRuns, type KnownBlocks } from "./file-runs.js";

/** The best takes ten times as long, for some megabytes. */
const QUALITY = 9;
/** 64 MiB: so far apart may be what is alike in two programs. */
const WINDOW_BITS = 26;

interface PackOptions {
  readonly imageFolder: string;
  readonly packages: readonly PackageFile[];
  readonly sources: string;
  readonly outFolder: string;
  /** Of the compressor: 0 to 11. */
  readonly quality?: number;
  /** Called with the number of bytes that were given to the compressor so far. */
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Writes index and data into `outFolder`. */
export async function packDevice({ imageFolder, outFolder, ...options }: PackOptions): Promise<DeviceIndex> {
  const { packages, sources, quality = QUALITY, onBytes, signal } = options;
  const files: IndexedFile[] = [];
  const digest = createHash("sha256");
  const paths = filesOf(imageFolder);
  const newBlocks = async function* (): AsyncGenerator<Buffer> {
    const known: KnownBlocks = new Map();
    let given = 0;
    for (const [number, path] of paths.entries()) {
      const file = join(imageFolder, path);
      const { mode, size } = await stat(file);
      const executable = (mode & 0o100) !== 0;
      const runs: Run[] = [];
      // Not of the zeros, which are gigabytes.
      digest.update(`${JSON.stringify({ path, executable, size })}\n`);
      for await (const { place, bytes, isNew } of readRuns(file, number, known, runs)) {
        digest.update(`${place}\n`).update(bytes);
        if (!isNew) continue;
        given += bytes.length;
        onBytes?.(given);
        yield bytes;
      }
      files.push({ path, executable, runs });
    }
  };
  const hash = createHash("sha256");
  let bytes = 0;
  const counted = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  };
  const compress = createBrotliCompress({
    params: {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_LARGE_WINDOW]: 1,
      [constants.BROTLI_PARAM_LGWIN]: WINDOW_BITS,
    },
  });
  await pipeline(newBlocks, compress, counted, createWriteStream(join(outFolder, DEVICE_DATA)), {
    ...(signal ? { signal } : {}),
  });
  const data = { bytes, sha256: hash.digest("hex") };
  const index = deviceIndex({ sources, packages, digest: digest.digest("hex"), data, files });
  await writeFile(join(outFolder, DEVICE_INDEX), `${JSON.stringify(index)}\n`);
  return index;
}

/** Paths below the folder in an order that no host has a part in. */
function filesOf(folder: string): readonly string[] {
  // What was noted of it here is no part of it.
  return filesBelow(folder)
    .filter((path) => basename(path) !== TREE_RECORD)
    .sort();
}

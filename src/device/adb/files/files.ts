/** Files over adb's sync protocol. */
import { createReadStream } from "node:fs";
import { open, rename, stat } from "node:fs/promises";
import { posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { isHarnessError, UsageError } from "../../../base/errors.js";
import { replacedFile } from "../../../base/files/replaced-file.js";
import type { DeviceCallOptions } from "../../contract.js";
import { callDevice } from "../shell/call.js";
import type { AdbConnection } from "../server/connection.js";
import { runOnDevice } from "../shell/shell.js";
import { SyncRefusal, SyncSession } from "./sync-session.js";
import { withPullDraft } from "../notes/pull-drafts.js";
import { withTemporary } from "../notes/temporaries.js";

const TRANSFER_TIMEOUT_MS = 300_000;
const DEFAULT_MAX_BYTES = 64 << 20;
/** A disk has more room than memory; what writes without end must not fill it. */
const DEFAULT_MAX_PULL_BYTES = 2 ** 30;

const IS_FOLDER = 21;
const MOVE = `[ -d "$2" ] && exit ${IS_FOLDER}; [ -z "$3" ] || chmod "$3" "$1" && mv -f "$1" "$2"`;

/** Sends a host file or bytes under a temporary name and renames it there, so that nobody sees half of it. */
export async function pushFile(
  connection: AdbConnection,
  source: string | Uint8Array,
  remotePath: string,
  options: DeviceCallOptions & { mode?: number } = {},
): Promise<void> {
  checkRemotePath(remotePath);
  if (remotePath.endsWith("/")) throw isFolder(remotePath, connection.serial);
  if (typeof source === "string" && !(await stat(source)).isFile()) {
    throw new UsageError("NOT_A_FILE", `${source} cannot be pushed to ${remotePath}: it is not a plain file.`, {
      hint: "push the files of a folder one by one",
    });
  }
  await withTemporary(connection, posix.dirname(remotePath), "tmp", async (temporary) => {
    await withSync(connection, { verb: "push", path: remotePath }, options, (sync) =>
      sync.send(contentOf(source), temporary, options.mode ?? 0o644),
    );
    const moved = await runOnDevice(connection, moveCommand(temporary, remotePath, options.mode), options);
    if (moved.exitCode === IS_FOLDER) throw isFolder(remotePath, connection.serial);
    if (moved.exitCode !== 0) throw failure("push", remotePath, connection.serial, moved.stderr.trim());
  });
}

/** Opened by who reads it: a stream that nobody listens to yet ends the process when its file cannot be opened. */
async function* contentOf(source: string | Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  if (typeof source === "string") yield* createReadStream(source) as AsyncIterable<Buffer>;
  else yield source;
}

/** Undefined when there is no such file. */
export async function readRemoteFile(
  connection: AdbConnection,
  remotePath: string,
  options: DeviceCallOptions & { maxBytes?: number } = {},
): Promise<Buffer | undefined> {
  checkRemotePath(remotePath);
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  return withSync(connection, { verb: "read", path: remotePath }, options, async (sync) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of bounded(
        sync.receive(remotePath),
        maxBytes,
        tooLarge(connection, remotePath, maxBytes),
      )) {
        chunks.push(chunk);
      }
    } catch (error) {
      if (error instanceof SyncRefusal && /No such file or directory/.test(error.message)) return undefined;
      throw error;
    }
    return Buffer.concat(chunks);
  });
}

/** Fetches a file to the host: whole under its name, or not at all. */
export async function pullFile(
  connection: AdbConnection,
  remotePath: string,
  localPath: string,
  options: DeviceCallOptions & { maxBytes?: number } = {},
): Promise<void> {
  checkRemotePath(remotePath);
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_PULL_BYTES;
  const { path, mode } = replacedFile(localPath);
  await withPullDraft(path, async (draft) => {
    await withSync(connection, { verb: "pull", path: remotePath }, options, async (sync, signal) => {
      // Not by the stream, which may make the file after the transfer has failed, and the draft was removed.
      const file = await open(draft, "wx", mode);
      try {
        const content = bounded(sync.receive(remotePath), maxBytes, tooLarge(connection, remotePath, maxBytes));
        await pipeline(content, file.createWriteStream(), { signal });
      } finally {
        await file.close();
      }
    });
    await rename(draft, path);
  });
}

/**
 * adbd widens the mode it is sent (the owner's bits are given to all), so that one that matters is set afterwards. Into a
 * folder `mv` would put the file under its temporary name.
 */
function moveCommand(from: string, to: string, mode: number | undefined): readonly string[] {
  return ["sh", "-c", MOVE, "sh", from, to, mode?.toString(8) ?? ""];
}

/** What comes is counted, whatever a device says of a file's size: it may grow, or have none, as in /proc and /dev. */
async function* bounded(
  chunks: AsyncIterable<Buffer>,
  maxBytes: number,
  error: () => Error,
): AsyncGenerator<Buffer, void, undefined> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > maxBytes) throw error();
    yield chunk;
  }
}

function tooLarge({ serial }: AdbConnection, path: string, maxBytes: number): () => Error {
  return () =>
    new UsageError("FILE_TOO_LARGE", `${path} on ${serial} is larger than ${maxBytes} bytes.`, {
      hint: "give another limit for a larger file: { maxBytes }",
    });
}

async function withSync<T>(
  connection: AdbConnection,
  what: { readonly verb: string; readonly path: string },
  options: DeviceCallOptions,
  work: (sync: SyncSession, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const call = { ...options, timeoutMs: options.timeoutMs ?? TRANSFER_TIMEOUT_MS };
  try {
    return await callDevice(
      `${what.verb} of ${what.path} on ${connection.serial}`,
      connection.gone,
      call,
      async (signal) => {
        const sync = new SyncSession(await connection.open("sync:", signal));
        const end = (): void => sync.end();
        signal.addEventListener("abort", end);
        if (signal.aborted) end();
        try {
          return await work(sync, signal);
        } finally {
          sync.end();
        }
      },
    );
  } catch (error) {
    if (error instanceof SyncRefusal) throw failure(what.verb, what.path, connection.serial, error.message);
    if (isHarnessError(error)) throw error;
    throw await connection.explain(error);
  }
}

function isFolder(path: string, serial: string): UsageError {
  return new UsageError("REMOTE_FOLDER", `A file cannot be pushed to ${path}, a folder on ${serial}.`, {
    hint: "add the file's name to that path",
  });
}

/** The device is there, and refused. */
function failure(verb: string, path: string, serial: string, why: string): UsageError {
  return new UsageError("DEVICE_FILE", `Device ${serial} refused the ${verb} of ${path}: ${why}`, {
    hint: /denied|Read-only/i.test(why) ? "a shell may write below /data/local/tmp" : undefined,
  });
}

/** adbd resolves a relative path in its own working directory, which means nothing to callers. */
function checkRemotePath(path: string): void {
  if (!path.startsWith("/") || path.includes("\0") || Buffer.byteLength(path) > 1000) {
    throw new UsageError(
      "REMOTE_PATH",
      `A path on the device must be absolute and at most 1000 bytes: ${JSON.stringify(path)}`,
    );
  }
}

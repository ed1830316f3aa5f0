/**
 * Locks where there is no `flock` program: macOS and Windows lock a file as it is opened. The kernel takes the lock back
 * with the descriptor, whatever way its process ended. libuv hands the flag on (`UV_FS_O_EXLOCK`), and so does Node.
 */
import { closeSync, constants, openSync, rmSync } from "node:fs";
import { sleep } from "../../base/deadline.js";
import { describeError, InfrastructureError } from "../../base/errors.js";
import { isStillAt } from "./kernel-lock.js";

/** `O_EXLOCK` of BSD's open(2), and libuv's own number for `CreateFile` without sharing. */
const EXCLUSIVE: Partial<Readonly<Record<NodeJS.Platform, number>>> = {
  ...{ darwin: 0x20, freebsd: 0x20, openbsd: 0x20 },
  win32: 0x1000_0000,
};
const BUSY = new Set(["EAGAIN", "EWOULDBLOCK", "EBUSY"]);

/** False: a program takes them, see `kernel-lock.ts`. */
export function locksByOpening(): boolean {
  return EXCLUSIVE[process.platform] !== undefined;
}

/**
 * Undefined: somebody else has it open this way. On Windows nobody else can read or remove it meanwhile.
 * @param flags beside those for reading and writing, e.g. `O_CREAT`
 */
export function openLocked(path: string, flags = 0): number | undefined {
  const { O_RDWR, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    // Windows has neither of the last two.
    return openSync(path, O_RDWR | flags | (EXCLUSIVE[process.platform] ?? 0) | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (BUSY.has(code)) return undefined;
    if (code !== "ENOTSUP" && code !== "EOPNOTSUPP") throw error;
    throw new InfrastructureError("FILE_LOCK", `${path} could not be locked: ${describeError(error)}.`, {
      cause: error,
      hint: "the cache has to be on a file system with locks, see AVF_CACHE_DIR",
    });
  }
}

/** The descriptor, as soon as nobody else has it. @param onBusy called after each try; what it throws ends the wait */
export async function openWhenFree(
  path: string,
  pollMs: number,
  onBusy: () => void | Promise<void>,
  signal?: AbortSignal,
): Promise<number> {
  for (;;) {
    signal?.throwIfAborted();
    const fd = openLocked(path, constants.O_CREAT);
    if (fd !== undefined && isStillAt(path, fd)) return fd;
    if (fd !== undefined) closeSync(fd);
    await onBusy();
    await sleep(pollMs, signal);
  }
}

/** Lets go of the lock, and the file goes with it: first, while nobody else can have it, or on Windows unless somebody has. */
export function removeLocked(path: string, fd: number): void {
  if (process.platform !== "win32" && isStillAt(path, fd)) rmSync(path, { force: true });
  closeSync(fd);
  if (process.platform !== "win32") return;
  try {
    rmSync(path, { force: true });
  } catch (error) {
    if (!BUSY.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

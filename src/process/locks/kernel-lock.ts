/**
 * The kernel's own locks on files (`flock`), which Node has no call for: a program of util-linux takes the lock on a file
 * that is open here. The lock belongs to the open file, so it stays when that program is over, and the kernel takes it
 * back when the last process that has the file open is gone, whatever way it died and in whatever container it lived.
 */
import { spawnSync } from "node:child_process";
import { fstatSync, statSync } from "node:fs";
import { InfrastructureError } from "../../base/errors.js";
import { hostHelper } from "../host-helper.js";
import { spawnOwned } from "../owned-process.js";

/** As the program finds it: behind stdin, stdout and stderr. */
const FD = 3;
/** The exit code for it, which is none of its errors; what it writes to stderr may be anybody's noise. */
const BUSY = 75;

interface Flock {
  readonly options: readonly string[];
  readonly busy: number;
}

/** util-linux, and the device package. */
const FULL: Flock = { options: ["-E", String(BUSY)], busy: BUSY };
/** busybox and toybox: it has no option for the code, and 1 stands for their errors as well. */
const PLAIN: Flock = { options: [], busy: 1 };
/** Which of them this host has. */
let flock = FULL;

/** At once. False: another open file has the lock. */
export function tryLockSync(fd: number): boolean {
  const [program, ...words] = flockCommand();
  const { status, error, stderr } = spawnSync(program, [...words, ...flock.options, "-xn", String(FD)], {
    stdio: ["ignore", "ignore", "pipe", fd],
    encoding: "utf8",
  });
  return isPlain(status, stderr) ? tryLockSync(fd) : verdict(status, error, stderr);
}

/** @param wait false: answers at once; true: until the lock is ours, or the signal fires */
export async function lockFile(fd: number, wait: boolean, signal?: AbortSignal): Promise<boolean> {
  signal?.throwIfAborted();
  const program = spawnOwned([...flockCommand(), ...flock.options, wait ? "-x" : "-xn", String(FD)], {
    stdio: ["ignore", "ignore", "pipe", fd],
  });
  let said = "";
  const { stderr } = program.child;
  stderr?.on("data", (chunk: Buffer) => (said += String(chunk)));
  const closed = stderr === null ? undefined : new Promise((resolve) => stderr.once("close", resolve));
  const end = (): void => void program.child.kill("SIGKILL");
  signal?.addEventListener("abort", end, { once: true });
  try {
    const { exitCode, startFailure } = await program.ended;
    signal?.throwIfAborted();
    if (startFailure === undefined) await closed;
    return isPlain(exitCode, said) ? await lockFile(fd, wait, signal) : verdict(exitCode, startFailure, said);
  } finally {
    signal?.removeEventListener("abort", end);
  }
}

/** The device package's, where that is installed: a host may have none. */
function flockCommand(): readonly [string, ...string[]] {
  const helper = hostHelper();
  return helper === undefined ? ["flock"] : [helper, "flock"];
}

/** The lock counts for nothing when the name leads to another file by now. */
export function isStillAt(path: string, fd: number): boolean {
  try {
    const [open, there] = [fstatSync(fd), statSync(path)];
    return open.ino === there.ino && open.dev === there.dev;
  } catch {
    return false;
  }
}

/** True once: this host's has no option for the exit code, and is asked without it from now on. */
function isPlain(exitCode: number | null, said: string): boolean {
  if (flock === PLAIN || exitCode !== 1 || !/(invalid|unknown|unrecognized) option/i.test(said)) return false;
  flock = PLAIN;
  return true;
}

function verdict(exitCode: number | null, startFailure: Error | undefined, said: string): boolean {
  if (exitCode === 0) return true;
  if (exitCode === flock.busy && (flock === FULL || !/^flock: /m.test(said))) return false;
  throw new InfrastructureError("FLOCK_FAILED", `The program flock failed: ${said.trim() || `exit code ${exitCode}`}`, {
    cause: startFailure,
    hint: "it is part of util-linux; the cache has to be on a file system with locks, see AVF_CACHE_DIR",
  });
}

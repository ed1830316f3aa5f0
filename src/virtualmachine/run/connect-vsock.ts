/** A connection to a port of a guest that runs. */
import type { Socket } from "node:net";
import { formatMs, withDeadline } from "../../base/deadline.js";
import { describeError, isHarnessError, type HarnessError } from "../../base/errors.js";
import { MAX_VSOCK_PORT, MIN_VSOCK_PORT } from "../constants.js";
import { IllegalArgumentException, VirtualMachineException } from "../errors.js";
import { nowMs } from "../journal/record.js";
import { waitForVm } from "../wait/vm-wait.js";
import { waitError } from "../wait/wait-failure.js";
import type { VmJournal } from "../journal/journal.js";
import type { RunningVm } from "../../virtualizationservice/contract.js";

export interface ConnectVsockOptions {
  /**
   * For a server in the guest that is about to listen: a connection that is refused is tried again until so many
   * milliseconds have passed, or the VM ends. Only the first attempt may take longer. Time in which a debugger holds the VM
   * does not count. Default: 0, it is tried once.
   */
  readonly retryUntilMs?: number | undefined;
  /** Ends the attempts. */
  readonly signal?: AbortSignal | undefined;
}

const REFUSED = "VSOCK_REFUSED";
const TIMED_OUT = "TIMEOUT";
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 500;

/** @throws IllegalArgumentException, VirtualMachineException; VmWaitError when the VM ends while it is tried again */
export async function connectToGuest(
  handle: RunningVm,
  port: number,
  journal: VmJournal,
  { retryUntilMs = 0, signal }: ConnectVsockOptions = {},
): Promise<Socket> {
  if (!Number.isInteger(port) || port < MIN_VSOCK_PORT || port > MAX_VSOCK_PORT) {
    throw new IllegalArgumentException(`Bad port ${port}`);
  }
  if (!Number.isFinite(retryUntilMs) || retryUntilMs < 0) {
    throw new IllegalArgumentException(`retryUntilMs is not a number of milliseconds: ${String(retryUntilMs)}`);
  }
  const firstRun = journal.run.number;
  const beganMs = nowMs();
  const leftMs = (): number => {
    // Looked at once: between two looks a busy machine lets time go by.
    const atMs = nowMs();
    return beganMs + retryUntilMs + journal.hold.before(atMs) - journal.hold.before(beganMs) - atMs;
  };
  let refusal: HarnessError | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    const triedMs = nowMs();
    try {
      if (refusal === undefined) return await handle.connectVsock(port, signal);
      const again = { timeoutMs: leftMs(), signal };
      return await withDeadline(`vsock port ${port}`, again, (ended) => handle.connectVsock(port, ended));
    } catch (cause) {
      signal?.throwIfAborted();
      if (hasCode(cause, REFUSED)) refusal = cause;
      // An attempt that took all the time there was, and a debugger has given the wait more meanwhile, is tried again.
      else if (refusal === undefined || (leftMs() > 0 && !hasCode(cause, TIMED_OUT)))
        throw failure(journal.vmName, port, cause);
      // While a guest whose kernel is not up yet is asked, the device's adbd does nothing else, for up to 2 s.
      const restMs = Math.max(pauseMs, nowMs() - triedMs);
      const tried = attempt > 1 ? `, tried ${attempt} times in ${formatMs(nowMs() - beganMs)}` : "";
      if (leftMs() < FIRST_PAUSE_MS) throw refused(journal.vmName, port, refusal, tried);
      // Time is left for the attempt behind the pause.
      await pause(journal, Math.min(restMs, leftMs() / 2), { firstRun, port, signal });
      pauseMs = Math.min(pauseMs * 1.5, MAX_PAUSE_MS);
    }
  }
}

function hasCode(error: unknown, code: string): error is HarnessError {
  return isHarnessError(error) && error.code === code;
}

/** Rejects when it is useless to continue: the VM died, its guest panicked, the device is gone. */
async function pause(
  journal: VmJournal,
  ms: number,
  {
    firstRun,
    port,
    signal,
  }: { readonly firstRun: number; readonly port: number; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const endMs = nowMs() + ms;
  const changes = {
    subscribe: (listener: () => void): (() => void) => {
      let timer: NodeJS.Timeout;
      // Node counts from when its event loop last looked at the clock, so a timer can fire before the time is over.
      const arm = (): void => {
        timer = setTimeout(() => (nowMs() < endMs ? arm() : listener()), Math.max(1, endMs - nowMs()));
      };
      arm();
      const unsubscribe = journal.changes.subscribe(listener);
      return () => {
        clearTimeout(timer);
        unsubscribe();
      };
    },
  };
  const isOver = (): true | undefined => (nowMs() >= endMs ? true : undefined);
  const end = await waitForVm(journal, isOver, { firstRun, changes, timeoutMs: Infinity, signal });
  signal?.throwIfAborted();
  if (end !== true) throw waitError(journal, end, `something in it to listen on vsock port ${port}`);
}

function failure(vmName: string, port: number, cause: unknown): VirtualMachineException {
  const text = `failed to connect to vsock port ${port}: ${describeError(cause)}`;
  return new VirtualMachineException("VSOCK_FAILED", text, { vmName, cause });
}

/** @param tried how often, and for how long; empty when it was tried once */
function refused(vmName: string, port: number, cause: HarnessError, tried: string): VirtualMachineException {
  const text = `failed to connect to vsock port ${port}: nothing in VM "${vmName}" listens there${tried}`;
  const hint = `for a payload that is about to listen: connectVsock(${port}, { retryUntilMs: 10_000 })`;
  return new VirtualMachineException(REFUSED, text, { vmName, cause, hint: tried === "" ? hint : undefined });
}

/** The end of a device's QEMU that is known by its record only, and of adb's memory of it. */
import { connect } from "node:net";
import { sleep, withDeadline } from "../../base/deadline.js";
import { disconnectTcpDevice } from "../../device/adb/connect.js";
import { isAlive, type ProcessIdentity } from "../../process/identity.js";

/** A killed process that still stands after this waits for a disk, or is somebody's zombie. */
const END_TIMEOUT_MS = 10_000;
const LISTEN_TIMEOUT_MS = 1_000;

/** Ends that very process at once; one that is gone already is fine. */
export async function endMachine(machine: ProcessIdentity): Promise<void> {
  if (!isAlive(machine)) return;
  try {
    process.kill(machine.pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
  await withDeadline(`process ${machine.pid} (QEMU) to end`, { timeoutMs: END_TIMEOUT_MS }, async (signal) => {
    while (isAlive(machine)) await sleep(10, signal);
  });
}

/**
 * For a device that has ended, or never came up: where somebody listens on its port, the connection is another device's by
 * now, and stays.
 */
export async function forgetAdbOfEnded(serial: string): Promise<void> {
  if (!(await isListenedOn(serial))) await forgetAdb(serial);
}

/** Drops the connection from adb's list. An adb that is unwell must not keep a device from being ended. */
export async function forgetAdb(serial: string): Promise<void> {
  await disconnectTcpDevice(serial).catch(() => undefined);
}

function isListenedOn(serial: string): Promise<boolean> {
  const port = Number(serial.split(":")[1]);
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, timeout: LISTEN_TIMEOUT_MS });
    const answer = (listens: boolean): void => {
      socket.destroy();
      resolve(listens);
    };
    socket.once("connect", () => answer(true));
    socket.once("error", () => answer(false));
    // The loopback network answers at once; a full backlog is somebody's.
    socket.once("timeout", () => answer(true));
  });
}

/** Whether a guest that answers adb has come to the end of its boot. */
import { sleep, withDeadline, type WaitOptions } from "../../base/deadline.js";
import type { Device } from "../../device/index.js";
import type { VirtualMachine } from "../../virtualmachine/index.js";

/** Between two looks: one costs a few milliseconds. */
const POLL_MS = 50;

/**
 * Waits until the guest's `dev.bootcomplete` is 1: its APKs are verified and mounted then. Closes the guest when it fails. A
 * guest without `getprop` is no Android, and nothing is known of its boot.
 * @throws VirtualMachineException when the VM ends before, TimeoutError
 */
export async function guestBoot(guest: Device, vm: VirtualMachine, wait: WaitOptions): Promise<void> {
  try {
    await withDeadline(`the boot of VM "${vm.getName()}" to complete (dev.bootcomplete)`, wait, async (signal) => {
      while (!(await isComplete(guest, signal))) await sleep(POLL_MS, signal);
    });
  } catch (error) {
    await guest.close().catch(() => undefined);
    throw error;
  }
}

async function isComplete(guest: Device, signal: AbortSignal): Promise<boolean> {
  const { exitCode, stdout } = await guest.execUnchecked(["getprop", "dev.bootcomplete"], { signal });
  return exitCode !== 0 || stdout.trim() === "1";
}

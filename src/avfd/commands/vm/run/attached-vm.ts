/** Running a VM that lives exactly as long as the `vm` process, with the lines of Android 14 and later (AOSP vm/src/run.rs). */
import type { Caller } from "../../../caller.js";
import type { Attachment, Attachments } from "../../../virtualization/channels/attachments.js";
import { ERROR_CODES } from "../../../virtualization/state/vm-state.js";
import type { VirtualMachine, VmEvent } from "../../../virtualization/virtual-machine.js";
import { camelCase, withContext } from "../rust-text.js";

/**
 * Starts the VM, reports what happens to it, and settles when it is dead, by itself or because its client is gone.
 * @param attachments of the device, where the client's place can be taken by another one
 * @param description what stands between `Created` and `with CID`
 * @param flushed settles when all that the VM wrote is in its files: who reads `VM ended` may read those next
 */
export async function runAttached(
  attachments: Attachments,
  caller: Caller,
  vm: VirtualMachine,
  description: string,
  flushed: () => Promise<void>,
): Promise<void> {
  const attachment = attachments.attach(vm, caller);
  vm.onEvent((event) => printEvent(attachment, event));
  try {
    await withContext("Failed to start VM", () => vm.start());
    attachment.print(`Created ${description} with CID ${vm.cid}, state is ${vm.state}.`);
    // Should this service die, its VMs die with it, and the tool would say so.
    attachment.setLastWords(0, "stdout", "VM ended: VirtualizationServiceDied\n");
    const reason = await vm.died;
    await flushed();
    attachment.print(`VM ended: ${describeReason(reason)}`);
  } finally {
    attachment.end();
  }
}

/** The tool was built before the last reason was added. */
export function describeReason(reason: Parameters<typeof camelCase>[0]): string {
  return reason === "WATCHDOG_REBOOT" ? "Unrecognised(DeathReason(17))" : camelCase(reason);
}

function printEvent(client: Attachment, event: VmEvent): void {
  switch (event.kind) {
    case "started":
      return client.printError("payload started");
    case "ready":
      return client.printError("payload is ready");
    case "finished":
      return client.printError(`payload finished with exit code ${event.exitCode}`);
    case "error": {
      const code = camelCase(ERROR_CODES[event.code] ?? "UNKNOWN");
      return client.printError(`VM encountered an error: code=${code}, message=${event.message}`);
    }
    case "died":
      return;
  }
}

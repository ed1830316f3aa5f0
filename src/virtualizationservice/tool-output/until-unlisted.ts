/** The wait for a VM to leave `vm list`, once its tool was hung up on. */
import { sleep } from "../../base/deadline.js";
import { HarnessError } from "../../base/errors.js";
import type { Device } from "../../device/contract.js";
import type { VmDebugInfo } from "../contract.js";
import { VM_TOOL } from "../tool.js";

const TIMEOUT_MS = 20_000;
const FIRST_DELAY_MS = 20;
const MAX_DELAY_MS = 250;

export interface ListedVm {
  readonly name: string;
  readonly cid: number;
  readonly listVms: () => Promise<readonly VmDebugInfo[]>;
}

/** @throws HarnessError when it stays; what the device was lost with */
export async function untilUnlisted(device: Device, { name, cid, listVms }: ListedVm): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 1.5, MAX_DELAY_MS)) {
    const vms = await listVms();
    if (!vms.some((vm) => vm.cid === cid)) return;
    if (Date.now() > deadline) {
      throw new HarnessError(
        "vm",
        "VM_SURVIVED",
        `VM ${name} (CID ${cid}) is still listed ${TIMEOUT_MS / 1000} s after its vm tool ended.`,
        { hint: `look for it: adb -s ${device.serial} shell ${VM_TOOL} list` },
      );
    }
    await sleep(delayMs, device.gone);
  }
}

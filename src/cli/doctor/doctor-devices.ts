/** What `avf doctor` says of the devices that `ANDROID_SERIAL` names, or of the lab in `AVF_DEVICES`; it only asks them. */
import { isHarnessError } from "../../base/errors.js";
import { printableLine } from "../../base/printable.js";
import { allOf } from "../../base/text/word-list.js";
import { openAdbDevice } from "../../device/index.js";
import { attempt, type Finding } from "../../emulator/doctor.js";
import { labAddress } from "../../lab/sources/lab-address.js";
import { inspectLab } from "../../lab/sources/lab-devices.js";
import { parseSerials } from "../../lab/sources/device-source.js";
import { openVirtualizationService } from "../../virtualizationservice/index.js";

/** Runs use those, and no emulated device. */
export function namesDevices(): boolean {
  return parseSerials(process.env["ANDROID_SERIAL"]).length > 0 || labAddress() !== undefined;
}

export async function findingsOfDevices(): Promise<readonly Finding[]> {
  const serials = parseSerials(process.env["ANDROID_SERIAL"]);
  const lab = labAddress();
  if (serials.length === 0 && lab !== undefined) return [await attempt("lab", () => inspectLab(lab))];
  return Promise.all(serials.map(lookAt));
}

async function lookAt(serial: string): Promise<Finding> {
  const name = `device ${serial}`;
  try {
    await using device = await openAdbDevice(serial);
    const [properties, service] = [await device.getProperties(), await openVirtualizationService(device)];
    const { androidRelease, protectedVm, nonProtectedVm } = await service.capabilities();
    const kinds = [protectedVm ? "protected" : "", nonProtectedVm ? "non-protected" : ""].filter((kind) => kind !== "");
    const model = printableLine(properties.get("ro.product.model") ?? "a device");
    const vms = kinds.length === 0 ? "no VMs: its hypervisor is off" : `${allOf(kinds)} VMs`;
    return { name, state: kinds.length === 0 ? "failed" : "ok", detail: `${model}, Android ${androidRelease}, ${vms}` };
  } catch (error) {
    if (!isHarnessError(error)) throw error;
    return { name, state: "failed", detail: error.shortMessage, ...(error.hint !== undefined && { fix: error.hint }) };
  }
}

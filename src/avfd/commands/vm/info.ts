/** `vm info` (AOSP vm/src/main.rs). */
import { existsSync } from "node:fs";
import { describeError } from "../../../base/errors.js";
import type { Caller } from "../../caller.js";
import type { Device } from "../../device.js";
import type { AndroidRelease } from "../../releases.js";
import { MICRODROID } from "../../virtualization/vm-config.js";

export interface HypervisorInfo {
  readonly vmSupported: boolean;
  readonly protectedVmSupported: boolean;
  readonly version: string | undefined;
  readonly hasKvm: boolean;
  readonly hasVfio: boolean;
  readonly hasVfioPlatform: boolean;
  readonly osList: readonly string[];
  /** E.g. `crosvm 0.1.0`, or why there is none. Not in Android's own output: there it is always crosvm. */
  readonly vmm: string;
}

export async function printInfo(device: Device, caller: Caller): Promise<number> {
  const { properties, paths } = device;
  const isTrue = (name: string): boolean => ["1", "y", "yes", "on", "true"].includes(properties.get(name) ?? "");
  const version = properties.get("ro.boot.hypervisor.version");
  const lines = formatInfo(device.identity.release, {
    vmSupported: isTrue("ro.boot.hypervisor.vm.supported"),
    protectedVmSupported: isTrue("ro.boot.hypervisor.protected_vm.supported"),
    version: version === "" ? undefined : version,
    hasKvm: existsSync(paths.resolve("/dev/kvm")),
    hasVfio: existsSync(paths.resolve("/dev/vfio/vfio")),
    hasVfioPlatform: existsSync(paths.resolve("/sys/bus/platform/drivers/vfio-platform")),
    osList: [MICRODROID],
    vmm: await describeVmm(device),
  });
  for (const line of lines) caller.print(line);
  return 0;
}

async function describeVmm({ virtualization }: Device): Promise<string> {
  try {
    const { name, version } = await virtualization.describeVmm();
    return `${name} ${version}`;
  } catch (error) {
    return `none: ${describeError(error)}`;
  }
}

export function formatInfo(release: AndroidRelease, info: HypervisorInfo): readonly string[] {
  const plain = release === 13 ? "unprotected" : "non-protected";
  const exists = (path: string, there: boolean): string => `${path} ${there ? "exists" : "does not exist"}.`;
  const lines = [
    supportLine(info, plain),
    info.version === undefined ? "Hypervisor version not set." : `Hypervisor version: ${info.version}`,
    exists("/dev/kvm", info.hasKvm),
  ];
  const vmm = `Virtual machine monitor: ${info.vmm}`;
  if (release === 13) return [...lines, vmm];
  return [
    ...lines,
    exists("/dev/vfio/vfio", info.hasVfio),
    `VFIO-platform is ${info.hasVfioPlatform ? "supported" : "not supported"}.`,
    "Assignable devices: []",
    `Available OS list: ${JSON.stringify(info.osList)}`,
    vmm,
  ];
}

function supportLine({ vmSupported, protectedVmSupported }: HypervisorInfo, plain: string): string {
  if (vmSupported && protectedVmSupported) return `Both protected and ${plain} VMs are supported.`;
  if (vmSupported) return `Only ${plain} VMs are supported.`;
  return protectedVmSupported ? "Only protected VMs are supported." : "VMs are not supported.";
}

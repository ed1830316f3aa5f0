/** `vm info` (AOSP vm/src/main.rs). */
import { existsSync } from "node:fs";
import { describeError } from "../../../base/errors.js";
import type { Caller } from "../../caller.js";
import type { Device } from "../../device.js";
import type { InfoLine, ToolDialect } from "./dialects/dialect.js";
import { dialectOf } from "./dialects/index.js";
import { MICRODROID } from "../../virtualization/vm-config.js";

interface HypervisorInfo {
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
  const lines = formatInfo(dialectOf(device.identity.release), {
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

export function formatInfo(
  { plainVms, infoLines }: Pick<ToolDialect, "plainVms" | "infoLines">,
  info: HypervisorInfo,
): readonly string[] {
  return [
    supportLine(info, plainVms),
    info.version === undefined ? "Hypervisor version not set." : `Hypervisor version: ${info.version}`,
    existence("/dev/kvm", info.hasKvm),
    ...infoLines.map((line) => LINES[line](info)),
    `Virtual machine monitor: ${info.vmm}`,
  ];
}

/** This device has no device tree, where a debug policy would be. */
const NO_DEBUG_POLICY = "DebugPolicy { log: false, ramdump: false, adb: false }";

const LINES: Readonly<Record<InfoLine, (info: HypervisorInfo) => string>> = {
  vfio: ({ hasVfio }) => existence("/dev/vfio/vfio", hasVfio),
  "vfio-platform": ({ hasVfioPlatform }) => `VFIO-platform is ${hasVfioPlatform ? "supported" : "not supported"}.`,
  "assignable-devices": () => "Assignable devices: []",
  "os-list": ({ osList }) => `Available OS list: ${JSON.stringify(osList)}`,
  "debug-policy": () => `Debug policy: ${NO_DEBUG_POLICY}`,
};

function existence(path: string, isThere: boolean): string {
  return `${path} ${isThere ? "exists" : "does not exist"}.`;
}

function supportLine({ vmSupported, protectedVmSupported }: HypervisorInfo, plain: string): string {
  if (vmSupported && protectedVmSupported) return `Both protected and ${plain} VMs are supported.`;
  if (vmSupported) return `Only ${plain} VMs are supported.`;
  return protectedVmSupported ? "Only protected VMs are supported." : "VMs are not supported.";
}

/** What a device can do for VMs: from its properties, `vm info` and the features of its service. */
import { atOnce } from "../base/async/at-once.js";
import type { Device } from "../device/contract.js";
import type { ServiceCapabilities } from "./contract.js";
import { androidRelease } from "./dialects/choose.js";
import type { ToolAbilities } from "./abilities/parse-help.js";
import { runVmTool, VM_TOOL } from "./tool.js";
import { parseVmInfo } from "./tool-output/vm-info.js";

/** Names that Android 15 knows (IVirtualizationService.aidl, `FEATURE_*`). */
const FEATURES = [
  "DICE_CHANGES",
  "LLPVM_CHANGES",
  "MULTI_TENANT",
  "NETWORK",
  "REMOTE_ATTESTATION",
  "VENDOR_MODULES",
].map((name) => `com.android.kvm.${name}`);

/** As `uname -m` names them. */
const ARCHITECTURES: Readonly<Record<string, ServiceCapabilities["architecture"]>> = {
  x86_64: "x86_64",
  aarch64: "arm64",
};

/** @param asked what the tool takes; the rest is asked meanwhile */
export async function readCapabilities(
  device: Device,
  sdk: number,
  asked: Promise<ToolAbilities>,
): Promise<ServiceCapabilities> {
  const [tool, info, cpus, features] = await atOnce(
    () => asked,
    () => runVmTool(device, ["info"]),
    () => device.exec(["sh", "-c", "nproc; uname -m"]),
    async () => readFeatures(device, await asked),
  );
  const { protectedVm, nonProtectedVm, hypervisorVersion, supportedOsList, debugPolicy } = parseVmInfo(info.stdout);
  return {
    protectedVm,
    nonProtectedVm,
    hypervisorVersion,
    androidRelease: androidRelease(sdk),
    sdk,
    supportedOsList: supportedOsList ?? ["microdroid"],
    cpuCount: Math.max(1, Number.parseInt(cpus.stdout, 10) || 1),
    architecture: ARCHITECTURES[cpus.stdout.trim().split(/\s+/)[1] ?? ""],
    encryptedStorage: tool.runApp.has("--storage"),
    cpuTopology: tool.runApp.has("--cpu-topology"),
    features,
    debugPolicy,
    tool,
  };
}

/** One connection for all of them, and all at once. Releases before 15 have no such sub-command, and none of the features. */
async function readFeatures(device: Device, { commands }: ToolAbilities): Promise<ReadonlySet<string>> {
  if (!commands.has("check-feature-enabled")) return new Set();
  const script = 'tool=$1; shift; for feature; do "$tool" check-feature-enabled "$feature" & done; wait; true';
  const { stdout } = await device.exec(["sh", "-c", script, "sh", VM_TOOL, ...FEATURES]);
  return new Set([...stdout.matchAll(/^Feature (\S+) is enabled\r?$/gm)].map(([, name = ""]) => name));
}

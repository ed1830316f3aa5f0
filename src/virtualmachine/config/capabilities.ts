/** What a device lacks is refused with the reason, before anything is made or started there. */
import { ENCRYPTED_STORE_MODE_DEFAULT, FEATURE_LLPVM_CHANGES } from "../constants.js";
import { UnsupportedOperationException } from "../errors.js";
import { notCarried } from "../custom-image/demands.js";
import { libraryOf, releaseOf } from "./release-of.js";
import type { AndroidRelease } from "../../base/android-release.js";
import type { ServiceCapabilities } from "../../virtualizationservice/contract.js";
import type { ConfigFields, VirtualMachineConfig } from "./config.js";
import type { VmContext } from "../context.js";

/** @throws UnsupportedOperationException naming the first thing that the device cannot do */
export async function checkCapabilities(context: VmContext, config: VirtualMachineConfig): Promise<void> {
  const capabilities = await capabilitiesOf(context);
  const { customImageConfig } = config.fields;
  const uncarried = customImageConfig && notCarried(customImageConfig);
  if (uncarried !== undefined) {
    throw new UnsupportedOperationException(`${uncarried} not supported: the vm tool of a device cannot carry it.`, {
      hint: "leave it out of the custom image; an app on the device itself may use it",
    });
  }
  const lacking = DEMANDS.find(({ asks, has }) => asks(config.fields) && !has(capabilities, config.fields));
  if (!lacking) return;
  throw new UnsupportedOperationException(`${lacking.what(config.fields)} not supported on this device.`, {
    hint: `It runs Android ${capabilities.androidRelease}; see: adb shell /apex/com.android.virt/bin/vm info`,
  });
}

interface Demand {
  readonly asks: (fields: ConfigFields) => boolean;
  readonly has: (capabilities: ServiceCapabilities, fields: ConfigFields) => boolean;
  readonly what: (fields: ConfigFields) => string;
}

const NO_OPTION = "for which the `vm run-app` of a device has no option, is";

const DEMANDS: readonly Demand[] = [
  { asks: (f) => f.protectedVm, has: (c) => c.protectedVm, what: () => "Protected VMs are" },
  { asks: (f) => !f.protectedVm, has: (c) => c.nonProtectedVm, what: () => "Non-protected VMs are" },
  { asks: (f) => f.encryptedStorageBytes > 0, has: (c) => c.encryptedStorage, what: () => "Encrypted storage is" },
  {
    asks: (f) => f.customImageConfig !== undefined,
    has: (c) => c.tool.commands.has("run") && c.tool.run.size > 0,
    what: () => "A custom image, which needs `vm run`, is",
  },
  {
    asks: ({ customImageConfig: image }) =>
      image?.getDisks().some((disk) => disk.getPartitions().some(({ guid }) => guid !== null)) === true,
    has: (c) => (libraryOf(releaseOf(c)).customImage?.disks ?? "images") !== "images",
    what: () => "A partition with a GUID of its own, which `vm run` takes since Android 16, is",
  },
  {
    asks: (f) => f.customImageConfig === undefined && f.os !== "microdroid",
    has: (c, f) => c.supportedOsList.includes(f.os) && takesOs(c.tool.runApp, f.os),
    what: (f) => `The guest OS "${f.os}" is`,
  },
  {
    asks: (f) => f.payloadBinaryName !== undefined,
    has: (c) => c.tool.runApp.has("--payload-binary-name"),
    what: () => "A payload binary, instead of a config file in the APK, is",
  },
  {
    asks: (f) => f.vmConsoleInputSupported,
    has: (c, f) => optionsFor(c, f).has("--console-in"),
    what: () => "Console input is",
  },
  {
    asks: (f) => f.extraApks.length > 0,
    has: (c) => c.tool.runApp.has("--extra-apk"),
    what: () => "A payload binary with extra APKs is",
  },
  {
    asks: asksNetwork,
    has: (c, f) => optionsFor(c, f).has("--network-supported"),
    what: () => "Network in a VM is",
  },
  {
    asks: (f) => f.shouldUseHugepages,
    has: (c, f) => optionsFor(c, f).has("--hugepages"),
    what: () => "Huge pages are",
  },
  {
    asks: (f) => f.vendorDiskImagePath !== undefined,
    has: (c) => c.tool.runApp.has("--vendor"),
    what: () => "A vendor disk image is",
  },
  { asks: (f) => !f.shouldRamdump, has: () => false, what: () => `setShouldRamdump(false), ${NO_OPTION}` },
  {
    asks: (f) => f.encryptedStoreMode !== ENCRYPTED_STORE_MODE_DEFAULT,
    has: () => false,
    what: (f) => `setEncryptedStoreMode(${f.encryptedStoreMode}), ${NO_OPTION}`,
  },
];

/** Of the command that would run it. */
function optionsFor({ tool }: ServiceCapabilities, fields: ConfigFields): ReadonlySet<string> {
  return fields.customImageConfig === undefined ? tool.runApp : tool.run;
}

/** Since Android 16 the custom image says it. */
export function asksNetwork({ networkSupported, customImageConfig }: ConfigFields): boolean {
  return networkSupported || customImageConfig?.useNetwork() === true;
}

/** `--os NAME` since Android 16; before, `--gki VERSION` for the kernels that it names. */
function takesOs(options: ReadonlySet<string>, os: string): boolean {
  return options.has("--os") || (options.has("--gki") && os.startsWith("microdroid_gki-"));
}

/** Whether the service of the device wants an `instance_id` file for each VM: since Android 16 all do. */
export async function usesInstanceIds(context: VmContext): Promise<boolean> {
  const { features, tool } = await capabilitiesOf(context);
  return features.has(FEATURE_LLPVM_CHANGES) || tool.required.has("--instance-id-file");
}

/** Of the device. */
export async function contextRelease(context: VmContext): Promise<AndroidRelease> {
  return releaseOf(await capabilitiesOf(context));
}

export async function capabilitiesOf(context: VmContext): Promise<ServiceCapabilities> {
  return context.capabilities ?? context.service.capabilities();
}

/** VirtualMachineManager, VirtualMachineDescriptor, VirtualMachineException. */
import { BEFORE_15, EVERY, FROM_13, ONLY_15, constant, different, inFile, outOfScope, present } from "./row.js";
import type { Section } from "./row.js";

const manager = inFile("manager.test.ts");
const makeVm = inFile("files/make-vm.test.ts");
const descriptor = inFile("files/descriptor.test.ts");
const ATTESTATION = "attestation needs a protected VM's secrets and Google's servers; the `vm` tool offers none of it";

export const MANAGER: Section = {
  title: "VirtualMachineManager",
  rows: [
    present(
      "getInstance(Context)",
      BEFORE_15,
      "VirtualMachineManager.getInstance",
      manager("gives one manager a context"),
    ),
    different(
      "Context.getSystemService()",
      ONLY_15,
      "VirtualMachineManager.getInstance",
      "there is no Context of Android to ask; a device without AVF is refused when it is opened",
      manager("gives one manager a context"),
    ),
    different(
      "create()",
      EVERY,
      "VirtualMachineManager#create",
      "as in 15, but what the device lacks is refused here as well as by `run`; names that are empty, longer than 255 bytes, begin with `-` or have control characters are refused too",
      manager("refuses what the device lacks before it makes anything: %s"),
    ),
    present("get()", FROM_13, "VirtualMachineManager#get", manager("is null when there is none")),
    different(
      "get() of a missing VM",
      ["2021"],
      "VirtualMachineManager#get",
      "null, as its documentation says; the first code threw",
      manager("is null when there is none"),
    ),
    present(
      "getOrCreate()",
      FROM_13,
      "VirtualMachineManager#getOrCreate",
      manager("makes what is not there, and leaves the config of what is"),
    ),
    different(
      "getOrCreate() of an existing VM",
      ["2021"],
      "VirtualMachineManager#getOrCreate",
      "the config is ignored, as in 13 and 15; the first code compared it in a way that always failed",
      manager("makes what is not there, and leaves the config of what is"),
    ),
    present(
      "delete()",
      ONLY_15,
      "VirtualMachineManager#delete",
      manager("refuses a running VM, and removes a stranger's unseen"),
    ),
    present(
      "importFromDescriptor()",
      ONLY_15,
      "VirtualMachineManager#importFromDescriptor",
      descriptor("makes a VM with the same config, instance, storage and id"),
    ),
    present(
      "getCapabilities()",
      ONLY_15,
      "VirtualMachineManager#getCapabilities",
      manager("capabilities: protected %s, non-protected %s"),
    ),
    present(
      "getSupportedOSList()",
      ONLY_15,
      "VirtualMachineManager#getSupportedOSList",
      manager("guest systems and features"),
    ),
    present(
      "isFeatureEnabled()",
      ONLY_15,
      "VirtualMachineManager#isFeatureEnabled",
      manager("guest systems and features"),
    ),
    outOfScope("isRemoteAttestationSupported()", ONLY_15, ATTESTATION),
    outOfScope("isUpdatableVmSupported()", ONLY_15, "the `vm` tool does not report it"),
    constant("CAPABILITY_PROTECTED_VM", 1, "VirtualMachineManager.CAPABILITY_PROTECTED_VM"),
    constant("CAPABILITY_NON_PROTECTED_VM", 2, "VirtualMachineManager.CAPABILITY_NON_PROTECTED_VM"),
    ...["DICE_CHANGES", "LLPVM_CHANGES", "MULTI_TENANT", "NETWORK", "REMOTE_ATTESTATION", "VENDOR_MODULES"].map(
      (name) => constant(`FEATURE_${name}`, `com.android.kvm.${name}`, `VirtualMachineManager.FEATURE_${name}`),
    ),
  ],
};

export const DESCRIPTOR: Section = {
  title: "VirtualMachineDescriptor",
  rows: [
    different(
      "writeToParcel()",
      ONLY_15,
      "VirtualMachineDescriptor#writeToParcel",
      "gives paths on the device as plain data: a file descriptor cannot leave it",
      descriptor("works through a parcel"),
    ),
    different(
      "CREATOR",
      ONLY_15,
      "VirtualMachineDescriptor.fromParcel",
      "makes a descriptor from such data",
      descriptor("works through a parcel"),
    ),
    present(
      "close()",
      ONLY_15,
      "VirtualMachineDescriptor#close",
      descriptor("close() is repeatable, and disposal is close()"),
    ),
    outOfScope("describeContents()", ONLY_15, "says whether a Parcel holds file descriptors, and there is no Parcel"),
  ],
};

export const EXCEPTION: Section = {
  title: "VirtualMachineException",
  rows: [
    different(
      "VirtualMachineException",
      EVERY,
      "VirtualMachineException",
      "the messages are Java's; the exception also has a `code`, the VM's name, the cause and its last lines",
      makeVm("names the VM, keeps the cause, and distinguishes a broken lab from a broken VM"),
    ),
  ],
};

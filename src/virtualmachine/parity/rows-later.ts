/** What Android 16 and 17 added, by the class that has it. */
import { MICRODROID } from "../constants.js";
import { constant, different, inFile, outOfScope, present, type Row } from "./row.js";

const HOLDS = inFile("config/config.test.ts")("getters give what was set");
const BY_RELEASE = inFile("config/releases.test.ts")("what a release has a key for is written under it");
const SINCE_16 = inFile("machine/since-16.test.ts");
const BALLOON = SINCE_16("the balloon of a Microdroid VM is managed by Android itself");
const REFUSED = "an UnsupportedOperationException for a VM that runs: the `vm` tool has no command for it";
const NO_WAY = "the `vm` tool has no option for it";
const CUSTOM = "is about windows and input devices, which the `vm run` of a device cannot give to a VM";

/** By title of the section. */
export const LATER: Readonly<Record<string, readonly Row[]>> = {
  VirtualMachineManager: [
    outOfScope("VirtualMachineManager(Context)", ["15"], "for Android itself; apps ask a context for the manager"),
    outOfScope("testOnlyClearCache()", ["17"], "for Android's own tests"),
  ],
  VirtualMachine: [
    different(
      "suspend()",
      ["16", "17"],
      "VirtualMachine#suspend",
      REFUSED,
      SINCE_16("suspend and resume check what Android checks, and are refused by name"),
    ),
    different(
      "resume()",
      ["16", "17"],
      "VirtualMachine#resume",
      REFUSED,
      SINCE_16("suspend and resume check what Android checks, and are refused by name"),
    ),
    present("getMemoryBalloon()", ["16"], "VirtualMachine#getMemoryBalloon", BALLOON),
    present("getActualMemoryBalloonBytes()", ["17"], "VirtualMachine#getActualMemoryBalloonBytes", BALLOON),
    present("setMemoryBalloon()", ["16", "17"], "VirtualMachine#setMemoryBalloon", BALLOON),
    different(
      "setMemoryBalloonByPercent()",
      ["16", "17"],
      "VirtualMachine#setMemoryBalloonByPercent",
      REFUSED,
      BALLOON,
    ),
    outOfScope("getGuestAgent()", ["17"], NO_WAY),
    outOfScope("binderFromPreconnectedClient()", ["16", "17"], "there is no binder on the host"),
    ...["sendMultiTouchEvent()", "sendTrackpadEvent()", "sendLidEvent()", "sendTabletModeEvent()"].map((java) =>
      outOfScope(java, ["16", "17"], CUSTOM),
    ),
    outOfScope("sendKeyEvent(short, boolean)", ["17"], CUSTOM),
    ...["setTouchScale()", "addDisplay()", "removeDisplay()", "getDisplays()"].map((java) =>
      outOfScope(java, ["17"], CUSTOM),
    ),
  ],
  VirtualMachineConfig: [
    constant("MICRODROID", MICRODROID, "VirtualMachineConfig.MICRODROID", ["15"]),
    present("shouldUseHugepages()", ["16", "17"], "VirtualMachineConfig#shouldUseHugepages", HOLDS),
    present("getEncryptedStoreMode()", ["17"], "VirtualMachineConfig#getEncryptedStoreMode", BY_RELEASE),
    constant("ENCRYPTED_STORE_MODE_DEFAULT", 0, "VirtualMachineConfig.ENCRYPTED_STORE_MODE_DEFAULT", ["17"]),
    constant("ENCRYPTED_STORE_MODE_KEK_ON_CE", 1, "VirtualMachineConfig.ENCRYPTED_STORE_MODE_KEK_ON_CE", ["17"]),
  ],
  "VirtualMachineConfig.Builder": [
    present("setShouldUseHugepages()", ["16", "17"], "VirtualMachineConfigBuilder#setShouldUseHugepages", HOLDS),
    present("setShouldRamdump()", ["17"], "VirtualMachineConfigBuilder#setShouldRamdump", BY_RELEASE),
    different(
      "the property ENCRYPTED_STORE_MODE of the manifest",
      ["17"],
      "VirtualMachineConfigBuilder#setEncryptedStoreMode",
      "it is ignored in a manifest; a config.xml that has the mode keeps it",
      BY_RELEASE,
    ),
    outOfScope("setDisableUpdatability()", ["17"], NO_WAY),
  ],
  VirtualMachineCallback: [
    different(
      "onGuestAgentRegistered()",
      ["17"],
      "VirtualMachineCallback:onGuestAgentRegistered",
      "may be given, and is refused by `setCallback`: the `vm` tool does not report guest agents",
      SINCE_16("a callback for guest agents is refused by name"),
    ),
  ],
  VirtualMachineException: [
    outOfScope("getCode()", ["17"], "`code` is a word here, and all releases have it"),
    outOfScope(
      [
        ...["CODE_INTERNAL", "CODE_VIRTUAL_MACHINE_DELETED", "CODE_VIRTUAL_MACHINE_STOPPED"],
        ...["CODE_VIRTUAL_MACHINE_RUNNING", "CODE_NAME_ALREADY_EXISTS", "CODE_PAYLOAD_CONFIG_MALFORMED"],
        ...["CODE_CONFIG_FILE_CORRUPTED", "CODE_CONFIG_INCOMPATIBLE", "CODE_FEATURE_DISABLED"],
      ].join(", "),
      ["17"],
      "numbers of `getCode()`",
    ),
  ],
};

/** What Android 16 and 17 added, by the class that has it. */
import { MICRODROID } from "../constants.js";
import { constant, different, inFile, outOfScope, present, type Row } from "./row.js";

const HOLDS = inFile("config/config.test.ts")("getters give what was set");
const BY_RELEASE = inFile("config/releases.test.ts")("what a release has a key for is written under it");
const NO_WAY = "the `vm` tool has no way to ask for it";
const CUSTOM = "is about windows and input devices, which the `vm run` of a device cannot give to a VM";

/** By title of the section. */
export const LATER: Readonly<Record<string, readonly Row[]>> = {
  VirtualMachineManager: [
    outOfScope("VirtualMachineManager(Context)", ["15"], "for Android itself; apps ask a context for the manager"),
    outOfScope("testOnlyClearCache()", ["17"], "for Android's own tests"),
  ],
  VirtualMachine: [
    ...["suspend()", "resume()"].map((java) => outOfScope(java, ["16", "17"], NO_WAY)),
    ...["getMemoryBalloon()", "setMemoryBalloon()", "setMemoryBalloonByPercent()"].map((java) =>
      outOfScope(java, ["16", "17"], NO_WAY),
    ),
    outOfScope("getActualMemoryBalloonBytes()", ["17"], NO_WAY),
    outOfScope("getGuestAgent()", ["17"], NO_WAY),
    outOfScope("binderFromPreconnectedClient()", ["16", "17"], "there is no binder on the host"),
    ...["sendMultiTouchEvent()", "sendTrackpadEvent()", "sendLidEvent()", "sendTabletModeEvent()"].map((java) =>
      outOfScope(java, ["16", "17"], CUSTOM),
    ),
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
      "a manifest that has it is not looked at; a config.xml that has the mode keeps it",
      BY_RELEASE,
    ),
    outOfScope("setDisableUpdatability()", ["17"], NO_WAY),
  ],
  VirtualMachineCallback: [outOfScope("onGuestAgentRegistered()", ["17"], "the `vm` tool does not tell of it")],
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

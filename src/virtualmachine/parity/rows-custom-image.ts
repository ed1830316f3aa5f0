/** VirtualMachineCustomImageConfig, what builds it, and its disks: since 15. */
import { different, inFile, outOfScope, present, type Release, type Row, type Section } from "./row.js";

const image = inFile("custom-image/custom-image.test.ts");
const HOLDS = image("getters give what was set");
const GUIDS = image("a partition has the GUID that is asked for since Android 16; before, it is refused by name");
const REFUSED = image("what the vm tool cannot carry is refused by name, before anything is made");
const RUNS = image("runs, prints, ends and is deleted like any other, without an APK");
const SINCE_15: readonly Release[] = ["15", "16", "17"];
const SINCE_16: readonly Release[] = ["16", "17"];
const ONLY_17: readonly Release[] = ["17"];
const NOT_CARRIED =
  "kept, also in config.xml; refused by name when the VM is made, because `vm run` has no option for it";
const SHARED = "Disk[], SharedPath[], DisplayConfig, boolean, boolean, boolean, boolean, boolean";
const NO_WORD = "`vm run` has no option for it";

export const CUSTOM_IMAGE: Section = {
  title: "VirtualMachineCustomImageConfig",
  rows: [
    constructor("String[], Disk[], DisplayConfig, boolean, boolean, boolean, GpuConfig", ["15"]),
    constructor(`String[], ${SHARED}, GpuConfig, AudioConfig, boolean, boolean, UsbConfig`, ["16"]),
    constructor(
      `String, String[], String[], ${SHARED}, GpuConfig, AudioConfig, boolean, boolean, UsbConfig, SmbiosOptions`,
      ONLY_17,
    ),
    ...["getName", "getKernelPath", "getInitrdPath", "getBootloaderPath", "getParams", "getDisks"].map((name) =>
      getter(name),
    ),
    ...["getDisplayConfig", "getGpuConfig", "useTouch", "useKeyboard", "useMouse"].map((name) => getter(name)),
    ...["getAudioConfig", "getUsbConfig", "getSharedPaths", "useSwitches", "useTrackpad", "useNetwork"].map((name) =>
      getter(name, SINCE_16),
    ),
    getter("useAutoMemoryBalloon", SINCE_16),
    ...["getOsName()", "getPflashPaths()", "getSmbiosOptions()"].map((java) => outOfScope(java, ONLY_17, NO_WORD)),
  ],
};

export const CUSTOM_IMAGE_BUILDER: Section = {
  title: "VirtualMachineCustomImageConfig.Builder",
  rows: [
    present("Builder()", SINCE_15, "VirtualMachineCustomImageConfig.Builder", HOLDS),
    present("build()", SINCE_15, "CustomImageConfigBuilder#build", HOLDS),
    ...["setName", "setKernelPath", "setInitrdPath", "setBootloaderPath", "addParam", "addDisk"].map((name) =>
      present(`${name}()`, SINCE_15, `CustomImageConfigBuilder#${name}`, name === "setKernelPath" ? RUNS : HOLDS),
    ),
    ...["setDisplayConfig", "setGpuConfig", "useTouch", "useKeyboard", "useMouse"].map((name) => setter(name)),
    ...["setAudioConfig", "setUsbConfig", "addSharedPath", "useSwitches", "useTrackpad", "useNetwork"].map((name) =>
      setter(name, SINCE_16),
    ),
    setter("useAutoMemoryBalloon", SINCE_16),
    ...["setOsName()", "setPflashPaths()", "setSmbiosOptions()"].map((java) => outOfScope(java, ONLY_17, NO_WORD)),
  ],
};

export const DISK: Section = {
  title: "VirtualMachineCustomImageConfig.Disk",
  rows: [
    ...["RODisk", "RWDisk"].map((name) => present(`${name}(String)`, SINCE_15, `Disk.${name}`, HOLDS)),
    ...["getImagePath", "isWritable"].map((name) => present(`${name}()`, SINCE_15, `Disk#${name}`, HOLDS)),
    ...["addPartition", "getPartitions"].map((name) => present(`${name}()`, SINCE_16, `Disk#${name}`, HOLDS)),
    ...["RODisk(String, String)", "RWDisk(String, String)", "getId()"].map((java) =>
      outOfScope(java, ONLY_17, NO_WORD),
    ),
  ],
};

export const PARTITION: Section = {
  title: "VirtualMachineCustomImageConfig.Partition",
  rows: [
    present("Partition(name, imagePath, writable)", SINCE_16, "VirtualMachineCustomImageConfig.Partition", HOLDS),
    present("guid", SINCE_16, "VirtualMachineCustomImageConfig.Partition", GUIDS),
  ],
};

/** Its first parameters are the same in all releases. */
function constructor(parameters: string, releases: readonly Release[]): Row {
  const java = `VirtualMachineCustomImageConfig(String, String, String, String, ${parameters})`;
  return outOfScope(java, releases, "its builder makes it");
}

function getter(name: string, releases = SINCE_15): Row {
  return present(`${name}()`, releases, `VirtualMachineCustomImageConfig#${name}`, HOLDS);
}

function setter(name: string, releases = SINCE_15): Row {
  return different(`${name}()`, releases, `CustomImageConfigBuilder#${name}`, NOT_CARRIED, REFUSED);
}

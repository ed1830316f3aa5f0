/** What a guest is booted with: its disks and its kernel command line. */
import type { FileHandle } from "node:fs/promises";
import type { VmmDisk } from "../../vmm/contract.js";
import type { AppVmConfig } from "../vm-config.js";

interface SystemDisks {
  readonly metadata: FileHandle;
  readonly system: FileHandle;
}

/** The guest looks for these names, not for the order. */
export function guestDisks(config: AppVmConfig, { metadata, system }: SystemDisks): readonly VmmDisk[] {
  const readOnly = (serial: string, file: FileHandle): VmmDisk => ({ serial, file, writable: false });
  const disks = [
    readOnly("system", system),
    readOnly("metadata", metadata),
    readOnly("microdroid-apk", config.apk),
    readOnly("microdroid-apk-idsig", config.idsig),
    { serial: "vm-instance", file: config.instanceImage, writable: true },
  ];
  if (config.encryptedStorage) {
    disks.push({ serial: "encryptedstore", file: config.encryptedStorage, writable: true });
  }
  config.extraApks.forEach(({ apk, idsig }, index) => {
    disks.push(readOnly(`extra-apk-${index}`, apk), readOnly(`extra-idsig-${index}`, idsig));
  });
  return disks;
}

/**
 * @param ofImage what the guest's image asks for, one parameter after another (`microdroid_cmdline`)
 */
export function kernelParams(
  { debugLevel, earlyConsole }: Pick<AppVmConfig, "debugLevel" | "earlyConsole">,
  ofImage: string,
): readonly string[] {
  const debuggable = debugLevel === "full" ? 1 : 0;
  // Release 13 knows a level in between: adb, but no console.
  const adb = debugLevel === "none" ? 0 : 1;
  return [
    ...ofImage.split(/\s+/).filter((parameter) => parameter !== "" && !(earlyConsole && SILENCE.test(parameter))),
    `console=${debuggable ? "hvc0" : "ttynull"}`,
    "androidboot.hardware=microdroid",
    `androidboot.microdroid.debuggable=${debuggable}`,
    `androidboot.adb.enabled=${adb}`,
    ...(earlyConsole ? EARLY_CONSOLE : []),
  ];
}

/** What the tool asks for on x86_64 (AOSP vm/src/run.rs). */
const EARLY_CONSOLE = ["earlycon=uart8250,io,0x3f8", "keep_bootcon"];

/** Our image's own, for the sake of a short boot: an early console would show nothing. */
const SILENCE = /^(?:quiet$|loglevel=)/;

/** The files of a config, opened with the rights of the caller, in the order and with the words of Android's tool. */
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { availableParallelism } from "node:os";
import type { Caller } from "../../../caller.js";
import type { NamedFile, RawDisk, RawVmConfig } from "../../../virtualization/raw/raw-vm-config.js";
import { debugString, ToolError, withContext } from "../rust-text.js";
import type { DiskJson, VmConfigJson } from "./vm-config-json.js";

const MAX_I32 = 2 ** 31 - 1;

/** What the config itself says; the rest is from the command line. */
export type ConfigPart = Omit<RawVmConfig, "gdbPort" | "wantsDeviceTree" | "hostServices">;

/** When it throws, no file stays open. */
export async function openConfig(caller: Caller, config: VmConfigJson): Promise<ConfigPart> {
  if (config.memory_mib !== undefined && config.memory_mib > MAX_I32) {
    throw new ToolError("Invalid memory_mib", new ToolError("out of range integral type conversion attempted"));
  }
  const cpuCount = countCpus(config.cpu_topology);
  const opened: FileHandle[] = [];
  const open = async (path: string, writable: boolean): Promise<NamedFile> => {
    const flags = writable ? constants.O_RDWR : constants.O_RDONLY;
    const file = await withContext(`Failed to open ${debugString(path)}`, () => caller.open(path, flags));
    opened.push(file);
    return { path, file };
  };
  const openIfNamed = async (path: string | undefined): Promise<NamedFile | undefined> =>
    path === undefined ? undefined : open(path, false);
  try {
    const kernel = await openIfNamed(config.kernel);
    const initrd = await openIfNamed(config.initrd);
    const bootloader = await openIfNamed(config.bootloader);
    const disks: RawDisk[] = [];
    for (const disk of config.disks) disks.push(await openDisk(disk, open));
    return {
      ...{ kernel, initrd, bootloader, disks, cpuCount },
      // Not read by Android's tool either.
      name: "VmRun",
      params: config.params,
      protectedVm: config.protected,
      memoryMib: config.memory_mib ?? 0,
      platformVersion: config.platform_version,
      devices: config.devices ?? [],
      consoleInputDevice: config.console_input_device,
      usbController: config.usb_config?.controller ?? false,
    };
  } catch (error) {
    for (const file of opened) await file.close().catch(() => undefined);
    throw error;
  }
}

async function openDisk(
  { image, partitions, writable }: DiskJson,
  open: (path: string, writable: boolean) => Promise<NamedFile>,
): Promise<RawDisk> {
  if (image !== undefined) return { image: await open(image, writable), writable };
  const parts = [];
  for (const { label, guid, path, writable: mayWrite } of partitions) {
    parts.push({ label, guid, image: await open(path, mayWrite), writable: mayWrite });
  }
  return { partitions: parts, writable };
}

function countCpus(topology: string | undefined): number {
  if (topology === undefined || topology === "one_cpu") return 1;
  if (topology === "match_host") return availableParallelism();
  throw new ToolError(`Invalid cpu topology ${topology}`);
}

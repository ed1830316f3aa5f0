/** What `customVm` is given, looked at as a whole before the first file goes to the device. */
import { resolve } from "node:path";
import { UsageError } from "../../base/errors.js";
import { lookAtDisk, lookAtInitrd, lookAtKernel } from "../../images/index.js";
import type { App } from "../app.js";
import type { CustomDisk, CustomVmSpec, HostFile } from "./spec.js";

export interface Files {
  readonly kernel: HostFile | undefined;
  readonly bootloader: HostFile | undefined;
  readonly initrd: HostFile | undefined;
  readonly disks: readonly CustomDisk[];
}

/**
 * @param from relative paths start at its root
 * @returns the files by whole paths
 * @throws UsageError naming the file, or what is missing or one too many
 */
export async function lookAtFiles(
  spec: CustomVmSpec,
  from: { readonly root: string; readonly owner: App },
): Promise<Files> {
  const files = readSpec(spec, (file, what) => {
    if (typeof file === "string") return resolve(from.root, file);
    if (isLocal(file) || isOnDevice(file)) return file;
    throw bad(`takes ${what} as a path of this host, bytes, or { onDevice: path }`);
  });
  if (isLocal(files.kernel)) await requireBootable(files.kernel, from.owner);
  if (isLocal(files.initrd)) await lookAtInitrd(files.initrd);
  const ofDisks = files.disks.flatMap(({ file, partitions = [] }) => [file, ...partitions.map((part) => part.file)]);
  for (const file of [files.bootloader, ...ofDisks]) if (isLocal(file)) await lookAtDisk(file);
  return files;
}

/** @param found a file by its whole path */
function readSpec(spec: CustomVmSpec, found: (file: HostFile, what: string) => HostFile): Files {
  const { kernel, bootloader, initrd, params, cpus = "one" } = spec;
  if ((kernel === undefined) === (bootloader === undefined)) {
    throw bad("takes one of kernel and bootloader", "a kernel boots by itself; firmware finds one on a disk");
  }
  if (bootloader !== undefined) {
    if (initrd !== undefined) throw bad("takes no initrd with a bootloader");
    if (params !== undefined) throw bad("takes no params with a bootloader", "only a kernel reads them");
  }
  if (cpus !== "one" && cpus !== "all") {
    throw bad(`takes "one" or "all" for cpus, not ${JSON.stringify(cpus)}`, "vm.run({ cpus: 2 }) takes a number");
  }
  if (params !== undefined && !isText(params)) throw bad("takes params as text, or as a list of texts");
  const disks = listOf(spec.disks, "disks").map((given): CustomDisk => {
    const disk = isFile(given) ? { file: given } : given;
    const partitions = listOf(disk.partitions, "partitions").map((part) => {
      if (typeof part.label !== "string") throw bad("takes a label for each partition");
      return { ...part, file: found(part.file, "a partition's file") };
    });
    if ((disk.file === undefined) === (partitions.length === 0)) {
      throw bad("takes disks with a file or with partitions, one of both");
    }
    return { ...disk, ...(disk.file === undefined ? {} : { file: found(disk.file, "a disk") }), partitions };
  });
  return {
    kernel: kernel === undefined ? undefined : found(kernel, "a kernel"),
    bootloader: bootloader === undefined ? undefined : found(bootloader, "a bootloader"),
    initrd: initrd === undefined ? undefined : found(initrd, "an initrd"),
    disks,
  };
}

async function requireBootable(file: string | Uint8Array, { context }: App): Promise<void> {
  const { path, architecture, kind } = await lookAtKernel(file);
  const device = context.capabilities?.architecture;
  if (device === undefined || architecture === device) return;
  const unpacked = "unpack it with lz4 -d: only on arm64 does a monitor do that";
  throw new UsageError("KERNEL_ARCHITECTURE", `${path} is a kernel for ${architecture}; the device runs ${device}.`, {
    hint: kind === "Image.lz4" ? unpacked : "give one that was built for the device's processors",
  });
}

/** On this host, or in this process. */
function isLocal(file: unknown): file is string | Uint8Array {
  return typeof file === "string" || file instanceof Uint8Array;
}

/** One, or a list of them. */
function isText(given: unknown): boolean {
  return [given].flat().every((one) => typeof one === "string");
}

function isOnDevice(file: unknown): boolean {
  return typeof file === "object" && file !== null && "onDevice" in file && typeof file.onDevice === "string";
}

/** Each of it is an object, or stands for a file. */
function listOf<T>(given: readonly T[] | undefined, what: "disks" | "partitions"): readonly T[] {
  const list: unknown = given ?? [];
  if (!Array.isArray(list)) throw bad(`takes a list of ${what}`);
  for (const each of list as readonly unknown[]) {
    if (isLocal(each) || (typeof each === "object" && each !== null)) continue;
    throw bad(`takes ${what} as files or objects, not ${String(each)}`);
  }
  return given ?? [];
}

function isFile(given: HostFile | CustomDisk): given is HostFile {
  return isLocal(given) || "onDevice" in given;
}

function bad(problem: string, hint?: string): UsageError {
  return new UsageError("CUSTOM_VM", `customVm() ${problem}.`, { hint });
}

/** `VirtualMachineRawConfig`: a VM of its own kernel or firmware, and the JSON that `vm run` takes (libs/vmconfig of AOSP). */

export interface RawImage {
  readonly kernelPath?: string | undefined;
  readonly initrdPath?: string | undefined;
  readonly params?: string | undefined;
  /** Firmware; stands in for kernel and initrd. */
  readonly bootloaderPath?: string | undefined;
  readonly disks: readonly RawDisk[];
  /** `hvc0` or `ttyS0`; undefined: as the release has it. */
  readonly consoleInputDevice?: string | undefined;
}

export interface RawDisk {
  readonly writable: boolean;
  /** One of both. */
  readonly imagePath?: string | undefined;
  readonly partitions?: readonly RawPartition[] | undefined;
}

export interface RawPartition {
  readonly label: string;
  readonly path: string;
  readonly writable: boolean;
  /** Since Android 16. Undefined: one of chance. */
  readonly guid?: string | undefined;
}

/** The version of the platform that crosvm offers to guests; AOSP's own configs ask for this one. */
const PLATFORM_VERSION = "~1.0";

interface JsonFields {
  readonly image: RawImage;
  readonly protectedVm: boolean;
  readonly memoryMib: number | undefined;
}

/** Only what is set: tools of older releases know fewer keys. */
export function rawConfigJson({ image, protectedVm, memoryMib }: JsonFields): string {
  const { kernelPath, initrdPath, params, bootloaderPath, disks, consoleInputDevice } = image;
  return JSON.stringify({
    ...{ kernel: kernelPath, initrd: initrdPath, params, bootloader: bootloaderPath },
    disks: disks.map(({ writable, imagePath, partitions = [] }) => ({
      ...{ image: imagePath, writable },
      ...(partitions.length > 0 ? { partitions } : {}),
    })),
    ...(protectedVm ? { protected: true } : {}),
    ...{ memory_mib: memoryMib, platform_version: PLATFORM_VERSION, console_input_device: consoleInputDevice },
  });
}

/** All files that it names. */
export function pathsOf({ kernelPath, initrdPath, bootloaderPath, disks }: RawImage): readonly string[] {
  const named = [
    ...[kernelPath, initrdPath, bootloaderPath],
    ...disks.flatMap(({ imagePath, partitions = [] }) => [imagePath, ...partitions.map(({ path }) => path)]),
  ];
  return named.filter((path) => path !== undefined);
}

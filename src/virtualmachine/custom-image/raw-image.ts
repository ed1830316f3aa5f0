/** From a custom image to what the service is asked to run. Mirrors VirtualMachineConfig#toVsRawConfig. */
import type { RawImage } from "../../virtualizationservice/contract.js";
import type { VirtualMachineCustomImageConfig } from "./custom-image-config.js";

/** What Android boots that is given neither kernel nor firmware. */
const U_BOOT = "/apex/com.android.virt/etc/u-boot.bin";

export function rawImageOf(image: VirtualMachineCustomImageConfig, consoleInputDevice: string | undefined): RawImage {
  const kernelPath = image.getKernelPath();
  const params = image.getParams();
  return {
    ...{ kernelPath, initrdPath: image.getInitrdPath(), consoleInputDevice },
    bootloaderPath: image.getBootloaderPath() ?? (kernelPath === undefined ? U_BOOT : undefined),
    params: params.length === 0 ? undefined : params.join(" "),
    disks: image.getDisks().map((disk) => ({
      ...{ writable: disk.isWritable(), imagePath: disk.getImagePath() ?? undefined },
      partitions: disk.getPartitions().map(({ name, imagePath, writable, guid }) => ({
        label: name,
        path: imagePath,
        writable,
        guid: guid ?? undefined,
      })),
    })),
  };
}

/** Where image and emulator come from: the package jest-avf-device where it is installed, else Debian's packages. */
import { crosvmPath } from "../image/crosvm-path.js";
import { imageKey } from "../image/key.js";
import { DEVICE_PACKAGES } from "../packages/sets.js";
import { readPackagesManifest, type PackageFile } from "../packages/unpack.js";
import { findDevicePackage, type DevicePackage } from "./device-package.js";

export type DeviceSource =
  | {
      readonly kind: "device package";
      readonly devicePackage: DevicePackage;
      readonly imageKey: string;
      readonly packages: readonly PackageFile[];
    }
  | {
      readonly kind: "debian";
      /** Undefined before the packages have come: their versions are part of it. */
      readonly imageKey: string | undefined;
      readonly packages: readonly PackageFile[] | undefined;
      /** The one that goes into the image; a device package has none. */
      readonly crosvm: string | undefined;
    };

/** @throws InfrastructureError when a device package is installed that does not fit */
export async function findSource(cache: string): Promise<DeviceSource> {
  const crosvm = crosvmPath();
  // A crosvm is put into an image while that is made.
  const devicePackage = crosvm === undefined ? await findDevicePackage() : undefined;
  if (devicePackage !== undefined) {
    const { packages } = devicePackage;
    return { kind: "device package", devicePackage, packages, imageKey: imageKey(packages, undefined) };
  }
  return debianSource(cache, crosvm);
}

/** @param crosvm the one that goes into the image */
export async function debianSource(cache: string, crosvm: string | undefined): Promise<DeviceSource> {
  const packages = (await readPackagesManifest(cache, DEVICE_PACKAGES))?.packages;
  return { kind: "debian", packages, crosvm, imageKey: packages && imageKey(packages, crosvm) };
}

/** Version of the QEMU among the packages, as Debian writes it. */
export function emulatorVersion(packages: readonly PackageFile[]): string {
  const file = packages.map((each) => each.file).find((name) => name.startsWith("qemu-system-x86_")) ?? "";
  return decodeURIComponent(/^qemu-system-x86_(.*)_[a-z0-9]+\.deb$/.exec(file)?.[1] ?? "");
}

/** A program of the device package, which does for hosts without util-linux what Node has no call for. */
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { devicePackageFolder } from "../base/device-package.js";

/** In the package. */
export const HOST_HELPER = "bin/host-helper";

/** Its path; undefined where no device package is installed, or where nothing may be run from it. */
export function hostHelper(devicePackage: string | undefined = devicePackageFolder()): string | undefined {
  // It is a program of Linux.
  if (devicePackage === undefined || process.platform !== "linux") return undefined;
  const path = join(devicePackage, HOST_HELPER);
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return undefined;
  }
}

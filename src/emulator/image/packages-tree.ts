/** The unpacked packages that an image is made of. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { InfrastructureError } from "../../base/errors.js";

export interface PackagesTree {
  /** Folder that holds `usr`, `lib`, `boot`… as the packages have them. */
  readonly root: string;
  /** Release of the kernel in it, e.g. `6.1.0-50-cloud-amd64`. */
  readonly kernelVersion: string;
}

export async function readPackagesTree(root: string): Promise<PackagesTree> {
  const [kernelVersion] = (await readdir(join(root, "boot")))
    .filter((name) => name.startsWith("vmlinuz-"))
    .map((name) => name.slice("vmlinuz-".length));
  if (kernelVersion === undefined) throw new InfrastructureError("NO_KERNEL_PACKAGE", "No kernel among the packages.");
  return { root, kernelVersion };
}

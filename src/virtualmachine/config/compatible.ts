/** Whether an existing VM may take another config and stay the same VM. Mirrors VirtualMachineConfig#isCompatibleWith. */
import { libraryOf } from "./release-of.js";
import type { AndroidRelease } from "../../base/android-release.js";
import type { ComparedField } from "../../base/releases/traits.js";
import type { ConfigFields } from "./fields.js";

/**
 * Android 15 compares the console input device by reference, which its own loader breaks; here, as in 16, its value counts.
 */
export function isCompatible(mine: ConfigFields, theirs: ConfigFields, release: AndroidRelease): boolean {
  return libraryOf(release).comparedFields.every((field) => isAlike(mine, theirs, field));
}

function isAlike(mine: ConfigFields, theirs: ConfigFields, field: ComparedField): boolean {
  switch (field) {
    case "extraApks":
      return (
        mine.extraApks.length === theirs.extraApks.length &&
        mine.extraApks.every((name, i) => name === theirs.extraApks[i])
      );
    case "hasVendorDiskImage":
      return (mine.vendorDiskImagePath === undefined) === (theirs.vendorDiskImagePath === undefined);
    default:
      return mine[field] === theirs[field];
  }
}

/**
 * The compiler of the unpacked packages, which makes the guest, with the libraries that the guest is linked with. The unit
 * tests of those parts use it as well, so that they need no library of the host.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheLocation } from "../../base/cache/location.js";
import { buildTools } from "../../process/programs/build-tools.js";

interface PackagedGcc {
  /** How it is called. */
  readonly gcc: string;
  /** What a program needs that is to run on this host: it finds its loader and libraries in the packages. */
  readonly runsHere: readonly string[];
}

/** Where src/emulator unpacks the packages of the device. */
const PACKAGES = "packages";

export function packagedGcc(): PackagedGcc {
  const folder = join(cacheLocation(), PACKAGES);
  const libraries = join(folder, "root/usr/lib/x86_64-linux-gnu");
  const archive = join(libraries, "libmbedcrypto.a");
  if (!existsSync(archive)) {
    throw new Error(`${archive} is missing: npx avf setup unpacks the packages that the guest is made of.`);
  }
  return {
    gcc: buildTools(join(folder, "tools")).gcc,
    runsHere: [`-Wl,-dynamic-linker,${join(libraries, "ld-linux-x86-64.so.2")}`, `-Wl,-rpath,${libraries}`],
  };
}

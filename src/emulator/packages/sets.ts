/** What is downloaded: the packages that images are made of, and the emulator that runs the device. */

export interface PackageSet {
  /** Folder in the cache. */
  readonly folder: string;
  /** What it is, for people who wait for it. */
  readonly title: string;
  /** With all they depend on. */
  readonly wanted: readonly string[];
  /** The kernel's meta package: the one behind it is wanted, without what that depends on (initramfs tools…). */
  readonly kernel?: string;
  /** Names of packages that come from the backports of a release, if they are there. */
  readonly fromBackports: (release: string) => string | undefined;
}

/** What goes into the images. adbd of the release's backports where main has none. */
export const IMAGE_PACKAGES: PackageSet = {
  folder: "packages",
  title: "device image",
  wanted: ["qemu-system-x86", "busybox-static", "adbd", "e2fsprogs"],
  kernel: "linux-image-cloud-amd64",
  fromBackports: () => "adbd android-lib*",
};

/**
 * The emulator of the device's own processor, with its libraries: it runs beside the system's, and nothing is installed.
 * The QEMU of bookworm, 7.2, will not do: while one processor translates code, another may change it unseen. The device's
 * kernel changes its own code whenever a VM comes or goes, and hangs when a breakpoint of that stays in a translation.
 * Since 8.1 pages are locked before they are translated; backports have 10.0, as trixie has.
 */
export const EMULATOR_PACKAGES: PackageSet = {
  folder: "emulator",
  title: "emulator",
  wanted: ["qemu-system-x86"],
  fromBackports: (release) => (release === "bookworm" ? "*" : undefined),
};

/** All that shapes the set, in one line: what a tree of packages was made for. */
export function describeSet({ wanted, kernel, fromBackports }: PackageSet): string {
  return [...wanted, ...(kernel === undefined ? [] : [kernel]), `(${fromBackports("bookworm") ?? ""})`].join(" ");
}

/** What is downloaded: the packages that the device, its emulator and the tools that make both come from. */

export interface PackageSet {
  /** Folder in the cache. */
  readonly folder: string;
  /** What it is, for people who wait for it. */
  readonly title: string;
  /** Debian's name of the release, whatever release the host is of: its main suite, which only point releases change. */
  readonly release: string;
  /** With all they depend on. */
  readonly wanted: readonly string[];
  /** The kernel's meta package: the one behind it is wanted, without what that depends on (initramfs tools…). */
  readonly kernel: string;
}

/**
 * One release for all of it, so that every host makes the same device. Trixie is the first whose main has what is needed:
 * adbd, a Node that avfd runs on, and a QEMU that locks pages before it translates them. (Up to 8.0, as in bookworm, one
 * processor may change code while another translates it. The device's kernel changes its own code whenever a VM comes
 * or goes, and hangs when a breakpoint of that stays in a translation.)
 */
export const DEVICE_PACKAGES: PackageSet = {
  folder: "packages",
  title: "device",
  release: "trixie",
  wanted: [
    // On the host and in the device.
    "qemu-system-x86",
    // On the host.
    "adb",
    // In the device and in its VMs.
    ...["adbd", "busybox-static", "e2fsprogs", "nodejs"],
    // Android's commands and its shell.
    ...["toybox", "mksh"],
    // In the VMs: what unwinds the stacks of processes that crashed.
    "libdw1t64",
    // What makes it: a compiler with the libraries, mke2fs and debugfs (above), what unpacks the kernel and its modules.
    ...["gcc", "libc6-dev", "xz-utils", "zstd"],
    // Parts of the first process of VMs: signatures and keys, compressed entries of APKs.
    ...["libmbedtls-dev", "zlib1g-dev"],
    // Texts of licences, for the device package.
    "base-files",
  ],
  kernel: "linux-image-cloud-amd64",
};

/** All that shapes the set, in one line: what a tree of packages was made for. */
export function describeSet({ release, wanted, kernel }: PackageSet): string {
  return [release, ...wanted, kernel].join(" ");
}

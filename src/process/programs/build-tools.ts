/**
 * Programs that make the emulated device, out of unpacked Debian packages instead of the host: they run with the loader
 * and the libraries that they were built for, whatever the host has, and their output is the same on every host.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const LIBRARIES = "usr/lib/x86_64-linux-gnu";
const COMPILER = "usr/libexec/gcc/x86_64-linux-gnu/14";
/** By name: the program in the packages. */
const PROGRAMS = {
  gcc: "usr/bin/x86_64-linux-gnu-gcc-14",
  objcopy: "usr/bin/x86_64-linux-gnu-objcopy",
  readelf: "usr/bin/x86_64-linux-gnu-readelf",
  mke2fs: "usr/sbin/mke2fs",
  debugfs: "usr/sbin/debugfs",
  xz: "usr/bin/xz",
  zstd: "usr/bin/zstd",
  toybox: "usr/bin/toybox",
} as const;
/** What gcc starts by itself. */
const PARTS_OF_GCC = {
  cc1: `${COMPILER}/cc1`,
  collect2: `${COMPILER}/collect2`,
  as: "usr/bin/x86_64-linux-gnu-as",
  ld: "usr/bin/x86_64-linux-gnu-ld.bfd",
} as const;

/** How each program is called. */
export type BuildTools = Readonly<Record<keyof typeof PROGRAMS, string>>;

/** @param folder what `writeBuildTools` made */
export function buildTools(folder: string): BuildTools {
  const path = (name: keyof typeof PROGRAMS): string => join(folder, name);
  return {
    ...{ gcc: path("gcc"), objcopy: path("objcopy"), readelf: path("readelf") },
    ...{ mke2fs: path("mke2fs"), debugfs: path("debugfs"), xz: path("xz"), zstd: path("zstd") },
    toybox: path("toybox"),
  };
}

/** Makes `folder` with a script for each program. @param root the unpacked packages, relative to the folder */
export async function writeBuildTools(folder: string, root: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, program] of Object.entries({ ...PROGRAMS, ...PARTS_OF_GCC })) {
    // gcc finds its parts by -B: called by itself, they would run with the host's loader.
    const options = name === "gcc" ? ['-B"$here/"', '--sysroot="$root"', "-fno-use-linker-plugin"] : [];
    const command = ['"$lib/ld-linux-x86-64.so.2"', '--library-path "$lib"', `"$root/${program}"`, ...options, '"$@"'];
    const script = [
      "#!/bin/sh",
      "here=${0%/*}",
      `root=$here/${root}`,
      `lib=$root/${LIBRARIES}`,
      // Defaults of mke2fs are its package's, not the host's.
      ...(name === "mke2fs" ? ["export MKE2FS_CONFIG=$root/etc/mke2fs.conf"] : []),
      `exec ${command.join(" ")}`,
    ];
    await writeFile(join(folder, name), `${script.join("\n")}\n`, { mode: 0o755 });
  }
}

/** The QEMU that runs the device, and adb: a folder of the image, with libraries, loader and firmware of its own. */
import { cp, realpath } from "node:fs/promises";
import { basename, join } from "node:path";
import { inspectOwnership } from "../../base/cache/ownership.js";
import { InfrastructureError } from "../../base/errors.js";
import { collectLibraries } from "../../guest/libraries.js";
import { packageRoot } from "../../base/paths.js";
import type { BuildTools } from "../../process/programs/build-tools.js";
import { HOST_HELPER } from "../../process/host-helper.js";
import { run } from "../../process/run.js";
import { IMAGE_FILES } from "../image/files.js";
import { install } from "../image/install.js";
import { TEMPORARY, type MachineUser } from "../machine/machine-user.js";

/** The words before the options of a machine. */
type EmulatorCommand = readonly string[];

const PROGRAM = "bin/qemu-system-x86_64";
const LOADER = "lib/ld-linux-x86-64.so.2";
const SOURCE = "src/process/host-helper.c";
/** Of QEMU's firmware, what a PC without a screen and with a kernel from the host may read. */
export const FIRMWARE = [
  ...["qemu/kvmvapic.bin", "qemu/linuxboot.bin", "qemu/linuxboot_dma.bin", "qemu/multiboot.bin"],
  ...["qemu/multiboot_dma.bin", "qemu/pvh.bin", "qemu/qboot.rom"],
  ...["seabios/bios.bin", "seabios/bios-256k.bin", "seabios/bios-microvm.bin"],
] as const;

/** Where QEMU runs, and as whom. */
interface Seat {
  /** Holds what it writes to: `OWN_FOLDER` to it. */
  readonly folder: string;
  /** Undefined: as who starts it. */
  readonly user: MachineUser | undefined;
  /** True: it outlives who starts it. */
  readonly detached: boolean;
}

/** What QEMU calls the folders that it needs: it may be somebody who cannot walk to them from the root. */
export const IMAGE_FOLDER = "/proc/self/fd/9";
export const OWN_FOLDER = "/proc/self/fd/8";

/**
 * @param imageFolder of a finished image, or of one that is still to be made: then starting it fails
 * @param seat of a machine; undefined: for QEMU alone
 */
export function emulatorCommand(imageFolder: string, seat?: Seat): EmulatorCommand {
  const folder = join(imageFolder, IMAGE_FILES.emulator);
  for (const name of [LOADER, PROGRAM, HOST_HELPER]) requireTrusted(join(folder, name));
  const [script, ...folders] = seat === undefined ? [START, imageFolder] : [START_SEATED, imageFolder, seat.folder];
  return [
    ...["sh", "-c", script, "sh", ...folders, ...(seat === undefined ? [] : asUser(seat))],
    ...[`${TREE}/${LOADER}`, "--library-path", `${TREE}/lib`, `${TREE}/${PROGRAM}`],
    ...["qemu", "seabios"].flatMap((name) => ["-L", `${TREE}/share/${name}`]),
  ];
}

/**
 * The loader splits a list of folders at ":" and ";", and expands "$": so it gets the tree by a descriptor, not by its path.
 */
const TREE = `${IMAGE_FOLDER}/${IMAGE_FILES.emulator}`;
/** Its files hold the memory of machines: they are for nobody else to read. */
const START = `umask 077; exec 9<"$1"; shift; exec "$@"`;
/** What is written to disks of `snapshot=on` are files without a name in TMPDIR: gone with the process. */
const START_SEATED = `umask 077; exec 9<"$1" 8<"$2"; shift 2; export TMPDIR=${OWN_FOLDER}/${TEMPORARY}; exec "$@"`;

/** The kernel takes the wish to die with a parent from who becomes somebody else: it is made known once more. */
function asUser({ user, detached }: Seat): readonly string[] {
  if (user === undefined) return [];
  const helper = `${TREE}/${HOST_HELPER}`;
  const become = [helper, "become", `${user.uid}`, user.groups.join(",")];
  return detached ? become : [...become, helper, "die-with-parent"];
}

function requireTrusted(path: string): void {
  const problem = inspectOwnership(path);
  if (problem === undefined) return;
  throw new InfrastructureError("CACHE_UNTRUSTED", `${problem.reason}.`, {
    details: ["It is a part of the emulator that is run from the cache."],
    hint: `${problem.fix}; npx avf setup --renew image makes a new one`,
  });
}

/** Fills the folder out of the unpacked packages. What uses it needs nothing else of the host than its kernel. */
export async function installEmulator(
  packagesRoot: string,
  folder: string,
  tools: BuildTools,
  signal?: AbortSignal,
): Promise<void> {
  const programs = ["usr/bin/qemu-system-x86_64", "usr/lib/android-sdk/platform-tools/adb"];
  const files = programs.map((name) => join(packagesRoot, name));
  for (const file of files) await install(file, join(folder, "bin", basename(file)));
  const libraries = await collectLibraries(packagesRoot, files, new Set(), [], tools.readelf, signal);
  for (const [name, file] of libraries) await install(await realpath(file), join(folder, "lib", name));
  for (const name of FIRMWARE) await cp(join(packagesRoot, "usr/share", name), join(folder, "share", name));
  const helper = join(folder, HOST_HELPER);
  await run([tools.gcc, "-Os", "-s", "-static", "-Wall", "-Werror", "-o", helper, join(packageRoot, SOURCE)], {
    signal,
  });
}

/** Files that shape the folder, for the image's key. */
export function emulatorInputs(): readonly string[] {
  return [__filename, join(packageRoot, SOURCE)];
}

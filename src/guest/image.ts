/**
 * Builder of what a VM boots from: initramfs, system disk, kernel parameters. They lie on the device in
 * `/apex/com.android.virt/etc/fs`, where Android keeps Microdroid's images.
 */
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../base/files/atomic-file.js";
import { InfrastructureError } from "../base/errors.js";
import { cpioArchive, type CpioEntry } from "../base/files/cpio.js";
import type { BuildTools } from "../process/programs/build-tools.js";
import { MKSHRC } from "./android-commands.js";
import { execInitInputs } from "./exec-init.js";
import { findModules, initramfsModules, stripModules, type GuestModules } from "./kernel-modules.js";
import { guestKernelParameters } from "./kernel-parameters.js";
import { compilePrograms, cSources } from "./programs.js";
import { writeSystemImage } from "./system-image.js";

const MAX_INITRAMFS_BYTES = 4 << 20;

interface GuestImageOptions {
  /** Folder with the unpacked packages: kernel, busybox-static, adbd and its libraries, libc6. */
  readonly packagesRoot: string;
  /** E.g. `6.1.0-50-cloud-amd64`. */
  readonly kernelVersion: string;
  /** Gets `microdroid_initrd.img`, `microdroid_system.img`, `microdroid_cmdline`, each whole or not at all. */
  readonly outFolder: string;
  /** For everything in between; may be left over from a build that was cut short. */
  readonly workFolder: string;
  readonly tools: BuildTools;
  readonly signal?: AbortSignal | undefined;
}

export async function buildGuestImages(options: GuestImageOptions): Promise<void> {
  const { packagesRoot, outFolder, workFolder, tools, signal } = options;
  await mkdir(outFolder, { recursive: true });
  await mkdir(workFolder, { recursive: true });
  const moduleFolder = join(workFolder, "modules");
  const unpacking = { workFolder: moduleFolder, xz: tools.xz, signal };
  const packaged = await findModules(packagesRoot, options.kernelVersion, unpacking);
  const modules = await stripModules(packaged, moduleFolder, tools.objcopy, signal);
  const programs = await compilePrograms(workFolder, tools.gcc, signal);
  const initramfs = cpioArchive(await initramfsEntries(programs.init, modules));
  checkInitramfsSize(initramfs.length);
  await writeFileAtomic(join(outFolder, "microdroid_initrd.img"), initramfs);
  const temporaryImage = join(outFolder, `microdroid_system.img.${process.pid}.tmp`);
  try {
    const treeFolder = join(workFolder, "system");
    await writeSystemImage({ packagesRoot, modules, programs, treeFolder, imagePath: temporaryImage, tools, signal });
    await flush(temporaryImage);
    await rename(temporaryImage, join(outFolder, "microdroid_system.img"));
  } finally {
    await rm(temporaryImage, { force: true });
  }
  await writeFileAtomic(join(outFolder, "microdroid_cmdline"), `${guestKernelParameters().join(" ")}\n`);
}

/** Absolute paths of all sources that shape the images: a change in any of them asks for new images. */
export function guestInputs(): readonly string[] {
  const builders = readdirSync(__dirname)
    .filter((name) => /\.(ts|js)$/.test(name) && !/\.(test|d)\.ts$/.test(name))
    .sort()
    .map((name) => join(__dirname, name));
  return [...cSources(), ...execInitInputs(), ...builders, MKSHRC];
}

async function initramfsEntries(init: string, { groups, files }: GuestModules): Promise<readonly CpioEntry[]> {
  const entries: CpioEntry[] = [
    { kind: "file", path: "init", content: await readFile(init), mode: 0o755 },
    { kind: "folder", path: "dev" },
    // The kernel opens it before it starts init.
    { kind: "device", path: "dev/console", major: 5, minor: 1 },
    { kind: "folder", path: "modules" },
  ];
  const packed = new Set<string>();
  for (const group of Object.keys(initramfsModules) as (keyof typeof initramfsModules)[]) {
    const names = groups[group];
    entries.push({ kind: "file", path: `modules/${group}.list`, content: Buffer.from(`${names.join("\n")}\n`) });
    for (const name of names.filter((each) => !packed.has(each))) {
      const content = await readFile(files.get(name) ?? "");
      entries.push({ kind: "file", path: `modules/${name}.ko`, content });
      packed.add(name);
    }
  }
  return entries;
}

/** Each boot of each VM copies it: what is not needed by all belongs on the system disk. */
export function checkInitramfsSize(bytes: number): void {
  if (bytes <= MAX_INITRAMFS_BYTES) return;
  const size = `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  throw new InfrastructureError("GUEST_INITRAMFS_SIZE", `The guest's initramfs is ${size}; at most 4 MiB are fine.`, {
    hint: "move modules from initramfsModules to systemModules in src/guest/kernel-modules.ts",
  });
}

async function flush(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the emulated device's image: kernel, initramfs, root disk, empty data disk. */
import { createReadStream, createWriteStream } from "node:fs";
import { copyFile, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { makeReadable } from "../../base/cache/cache.js";
import { publishFolder } from "../../base/files/atomic-file.js";
import { draftOf } from "../../process/drafts.js";
import { cpioArchive, type CpioEntry } from "../../base/files/cpio.js";
import { InfrastructureError } from "../../base/errors.js";
import { packageRoot } from "../../base/paths.js";
import type { Progress } from "../../base/progress.js";
import { buildGuestImages } from "../../guest/image.js";
import { compileExecInit } from "../../guest/exec-init.js";
import { writeExt4, type Ext4Options } from "../../guest/ext4.js";
import type { BuildTools } from "../../process/programs/build-tools.js";
import { installEmulator } from "../qemu/emulator.js";
import { noSpace } from "../needs/space.js";
import type { PackagesTree } from "./packages-tree.js";
import { findModules } from "../../guest/kernel-modules.js";
import { IMAGE_FILES } from "./files.js";
import { makeRootTree } from "./root-tree.js";
import { extractVmlinux } from "./vmlinux.js";

interface BuildImageOptions {
  readonly packages: PackagesTree;
  readonly tools: BuildTools;
  /** Becomes the finished image, in one rename. */
  readonly imageFolder: string;
  readonly crosvmPath: string | undefined;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
}

/** Drivers of the device's disks, network and host channel; KVM for either maker of CPUs; vsock to the VMs. */
const DEVICE_MODULES = [
  "virtio_pci",
  "virtio_blk",
  "virtio_net",
  "virtio_console",
  "virtio_rng",
  "kvm_amd",
  "kvm_intel",
  "vhost_vsock",
];

/** The same in each image, or no two would be alike. */
const FILE_SYSTEMS: Readonly<Record<"root" | "data", Pick<Ext4Options, "label" | "uuid">>> = {
  root: { label: "root", uuid: "6d6963f0-0002-4a56-8000-617666726f6f" },
  data: { label: "data", uuid: "6d6963f0-0003-4a56-8000-617666646174" },
};
const ROOT_BYTES = 640 << 20;
/** Sparse: it takes on the host what is written to it. */
const DATA_BYTES = 8 * 2 ** 30;

/** Builds into a folder of another name and renames it at the end: an image is whole or absent. */
export async function buildImage(options: BuildImageOptions): Promise<void> {
  const { imageFolder, packages, tools, progress, signal } = options;
  const draft = draftOf(imageFolder);
  await rm(draft, { recursive: true, force: true });
  await mkdir(join(draft, "work"), { recursive: true });
  try {
    const rootFolder = join(draft, "root");
    progress.step("Building the device image");
    progress.detail("kernel");
    await writeKernel(packages, tools, join(draft, IMAGE_FILES.kernel), signal);
    await writeFile(join(draft, IMAGE_FILES.initrd), await makeInitrd(packages, tools, join(draft, "work"), signal));
    progress.detail("programs");
    await compileExecInit(tools.gcc, join(draft, IMAGE_FILES.execInit), signal);
    await copyFile(join(packages.root, "usr/bin/busybox"), join(draft, IMAGE_FILES.busybox));
    const workFolder = join(draft, "work");
    await makeRootTree({ packages, tools, rootFolder, workFolder, crosvmPath: options.crosvmPath, signal });
    await installEmulator(packages.root, join(draft, IMAGE_FILES.emulator), tools, signal);
    progress.detail("guest");
    await addGuest(options, join(draft, IMAGE_FILES.kernel), rootFolder, workFolder);
    progress.detail("file systems");
    const bytes = ROOT_BYTES + (options.crosvmPath === undefined ? 0 : await wholeMib(options.crosvmPath));
    const rootDisk = { bytes, imagePath: join(draft, IMAGE_FILES.root), content: rootFolder };
    const common = { options: [], tools, signal };
    await writeExt4({ ...common, ...FILE_SYSTEMS.root, ...rootDisk });
    await writeExt4({ ...common, ...FILE_SYSTEMS.data, bytes: DATA_BYTES, imagePath: join(draft, IMAGE_FILES.data) });
    await rm(rootFolder, { recursive: true });
    await rm(workFolder, { recursive: true });
    // QEMU may be somebody else, see `machineUser`.
    makeReadable(draft);
    await publishFolder(draft, imageFolder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw /ENOSPC|No space left/.test(String(error))
      ? noSpace(`No disk space left for the device image in ${dirname(imageFolder)}.`, error)
      : error;
  }
}

async function writeKernel(
  { root, kernelVersion }: PackagesTree,
  { zstd }: BuildTools,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const bzImage = await readFile(join(root, "boot", `vmlinuz-${kernelVersion}`));
  await writeFile(path, (await extractVmlinux(bzImage, zstd, signal)) ?? bzImage);
}

async function makeInitrd(
  { root, kernelVersion }: PackagesTree,
  { xz }: BuildTools,
  workFolder: string,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const packaged = await findModules(root, kernelVersion, {
    workFolder: join(workFolder, "device-modules"),
    xz,
    signal,
  });
  const modules = [...(await packaged.inOrder(DEVICE_MODULES)).values()];
  const order = Buffer.from(modules.map((file) => `${basename(file)}\n`).join(""));
  const earlyInit = await readFile(join(packageRoot, "src/emulator/image/early-init.sh"));
  const entries: CpioEntry[] = [
    ...["bin", "modules", "proc", "sys", "dev", "root"].map((path) => ({ kind: "folder", path }) as const),
    { kind: "device", path: "dev/console", major: 5, minor: 1 },
    { kind: "file", path: "bin/busybox", content: await readFile(join(root, "usr/bin/busybox")) },
    { kind: "file", path: "init", content: earlyInit },
    { kind: "file", path: "modules/order", content: order },
  ];
  for (const file of modules) {
    entries.push({ kind: "file", path: `modules/${basename(file)}`, content: await readFile(file) });
  }
  return cpioArchive(entries);
}

/** The guest's images lie where Android's virt APEX has them. */
async function addGuest(
  { packages, tools, signal }: BuildImageOptions,
  kernel: string,
  rootFolder: string,
  workFolder: string,
): Promise<void> {
  const outFolder = join(rootFolder, "apex/com.android.virt/etc/fs");
  const { root: packagesRoot, kernelVersion } = packages;
  await buildGuestImages({ packagesRoot, kernelVersion, outFolder, workFolder, tools, signal });
  const { size } = await stat(kernel);
  if (size === 0) throw new InfrastructureError("NO_KERNEL_PACKAGE", "The kernel is empty.");
  await new Promise<void>((resolve, reject) => {
    const to = createWriteStream(join(outFolder, "microdroid_kernel"));
    createReadStream(kernel).on("error", reject).pipe(to).on("error", reject).on("finish", resolve);
  });
}

/** One with debug information may be as large as all the rest. */
async function wholeMib(path: string): Promise<number> {
  return Math.ceil((await stat(path)).size / 2 ** 20) * 2 ** 20;
}

/** Makes the emulated device's image: kernel, initramfs, root disk, empty data disk. */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { publishFolder } from "../../base/atomic-file.js";
import { draftOf } from "../../process/drafts.js";
import { cpioArchive, type CpioEntry } from "../../base/cpio.js";
import { InfrastructureError } from "../../base/errors.js";
import { packageRoot } from "../../base/paths.js";
import type { Progress } from "../../base/progress.js";
import { buildGuestImages } from "../../guest/image.js";
import { CommandFailedError, run } from "../../process/run.js";
import { findProgram } from "../host/tools.js";
import type { PackagesTree } from "./packages-tree.js";
import { findModules } from "../../guest/kernel-modules.js";
import { orderModules } from "./modules.js";
import { IMAGE_FILES } from "./files.js";
import { makeRootTree } from "./root-tree.js";
import { extractVmlinux } from "./vmlinux.js";

export interface BuildImageOptions {
  readonly packages: PackagesTree;
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

const ROOT_BYTES = 640 << 20;
/** Sparse: it takes on the host what is written to it. */
const DATA_BYTES = 8 * 2 ** 30;

/** Builds into a folder of another name and renames it at the end: an image is whole or absent. */
export async function buildImage(options: BuildImageOptions): Promise<void> {
  const { imageFolder, packages, progress, signal } = options;
  const draft = draftOf(imageFolder);
  await rm(draft, { recursive: true, force: true });
  await mkdir(join(draft, "work"), { recursive: true });
  try {
    const rootFolder = join(draft, "root");
    progress.step("Building the device image");
    progress.detail("kernel");
    await writeKernel(packages, join(draft, IMAGE_FILES.kernel));
    await writeFile(join(draft, IMAGE_FILES.initrd), await makeInitrd(packages));
    progress.detail("programs");
    const workFolder = join(draft, "work");
    await makeRootTree({ packages, rootFolder, workFolder, crosvmPath: options.crosvmPath, signal });
    progress.detail("guest");
    await addGuest(packages, join(draft, IMAGE_FILES.kernel), rootFolder, workFolder, signal);
    progress.detail("file systems");
    const rootBytes = ROOT_BYTES + (options.crosvmPath === undefined ? 0 : await wholeMib(options.crosvmPath));
    await makeFileSystem(join(draft, IMAGE_FILES.root), rootBytes, "root", rootFolder, signal);
    await makeFileSystem(join(draft, IMAGE_FILES.data), DATA_BYTES, "data", undefined, signal);
    await rm(rootFolder, { recursive: true });
    await rm(workFolder, { recursive: true });
    await publishFolder(draft, imageFolder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw /ENOSPC|No space left/.test(String(error))
      ? new InfrastructureError("NO_SPACE", "No disk space left for the device image.", { cause: error })
      : error;
  }
}

async function writeKernel({ root, kernelVersion }: PackagesTree, path: string): Promise<void> {
  const bzImage = await readFile(join(root, "boot", `vmlinuz-${kernelVersion}`));
  await writeFile(path, extractVmlinux(bzImage) ?? bzImage);
}

async function makeInitrd({ root, kernelVersion }: PackagesTree): Promise<Buffer> {
  const modules = orderModules(DEVICE_MODULES, await findModules(root, kernelVersion));
  const order = Buffer.from(modules.map((file) => `${basename(file)}\n`).join(""));
  const earlyInit = await readFile(join(packageRoot, "src/emulator/image/early-init.sh"));
  const entries: CpioEntry[] = [
    ...["bin", "modules", "proc", "sys", "dev", "root"].map((path) => ({ kind: "folder", path }) as const),
    { kind: "device", path: "dev/console", major: 5, minor: 1 },
    { kind: "file", path: "bin/busybox", content: await readFile(join(root, "bin/busybox")) },
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
  packages: PackagesTree,
  kernel: string,
  rootFolder: string,
  workFolder: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const outFolder = join(rootFolder, "apex/com.android.virt/etc/fs");
  const { root: packagesRoot, kernelVersion } = packages;
  await buildGuestImages({ packagesRoot, kernelVersion, outFolder, workFolder, signal });
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

async function makeFileSystem(
  path: string,
  bytes: number,
  label: string,
  content: string | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const mke2fs = findProgram("mke2fs") ?? "mke2fs";
  const from = content === undefined ? [] : ["-d", content];
  const features = ["-E", "root_owner=0:0,lazy_itable_init=1,lazy_journal_init=1"];
  const argv = [
    mke2fs,
    "-q",
    "-F",
    "-t",
    "ext4",
    "-m",
    "0",
    "-L",
    label,
    ...features,
    ...from,
    path,
    `${bytes / 1024}k`,
  ];
  try {
    await run(argv, { timeoutMs: 300_000, signal });
  } catch (error) {
    if (!(error instanceof CommandFailedError) || !/No space|not enough space/i.test(error.message)) throw error;
    throw new InfrastructureError("NO_SPACE", `No space for the ${label} file system of the device image.`, {
      cause: error,
    });
  }
}

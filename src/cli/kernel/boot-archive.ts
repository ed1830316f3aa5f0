/**
 * What the kernel of `avf run --kernel` unpacks: the caller's initramfs or folder, or a shell of ours, and for `--exec` behind
 * it an archive with our first process. The kernel takes several archives as one.
 */
import { randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { UsageError } from "../../base/errors.js";
import { buildInitramfs, folderFiles, lookAtInitrd, type InitramfsFile } from "../../images/index.js";
import { isFileOfGuest } from "./guest-path.js";

interface ArchiveRequest {
  readonly initrd: string | undefined;
  readonly rootfs: string | undefined;
  /** The first disk of the VM holds the folder: it is not in the archive. */
  readonly rootIsDisk: boolean;
  readonly command: string | undefined;
  /** Files of kernel modules, which our first process loads in this order. */
  readonly modules: readonly string[];
  /** Where the first process of `--exec` is, and a shell for VMs that bring none. */
  readonly programs: () => Promise<{ readonly execInit: string; readonly busybox: string }>;
}

interface BootArchive {
  readonly initrd: Buffer | undefined;
  /** For the kernel's command line. */
  readonly params: readonly string[];
  /** Of the marks on the console; undefined without a command. */
  readonly nonce: string | undefined;
  /** Of the folder that is to be a disk. */
  readonly onDisk: ReadonlyMap<string, InitramfsFile> | undefined;
}

const FOLDER = ".avf";
const NONCE_BYTES = 16;
const MAX_COMMAND_BYTES = 1 << 20;
const ALIGN_BYTES = 512;

/** @throws UsageError naming what is wrong */
export async function bootArchive(request: ArchiveRequest): Promise<BootArchive> {
  const { command, rootfs, rootIsDisk } = request;
  const base = await baseOf(request);
  const onDisk = rootIsDisk && base.kind === "files" ? base.files : undefined;
  const init = command === undefined && rootfs !== undefined ? initOf(base) : undefined;
  const first = await archiveOf(request, base);
  if (command === undefined) return { initrd: first, params: bootsFrom(init, rootIsDisk), nonce: undefined, onDisk };
  if (command.includes("\0") || Buffer.byteLength(command) > MAX_COMMAND_BYTES) {
    throw new UsageError(
      "BAD_ARGUMENTS",
      "--exec takes a line for the shell, of at most 1 MiB and without zero bytes.",
    );
  }
  const nonce = randomBytes(NONCE_BYTES).toString("hex");
  const second = await buildInitramfs({ files: await filesOfExec(request, command, nonce) });
  const parts = first === undefined ? [second] : [padded(first), second];
  return { initrd: Buffer.concat(parts), params: [`rdinit=/${FOLDER}/init`], nonce, onDisk };
}

/** The caller's, without what is to be on a disk. */
async function archiveOf({ initrd, rootIsDisk }: ArchiveRequest, base: Base): Promise<Buffer | undefined> {
  if (base.kind === "bytes") return base.bytes;
  if (rootIsDisk) return initrd === undefined ? undefined : readInitrd(initrd);
  return base.files.size === 0 ? undefined : buildInitramfs({ files: base.files });
}

async function filesOfExec(
  { initrd, rootfs, rootIsDisk, modules, programs }: ArchiveRequest,
  command: string,
  nonce: string,
): Promise<Record<string, InitramfsFile>> {
  const { execInit } = await programs();
  const files: Record<string, InitramfsFile> = {
    [`${FOLDER}/init`]: { file: execInit, mode: 0o755 },
    [`${FOLDER}/nonce`]: nonce,
    [`${FOLDER}/command`]: { content: command, mode: 0o600 },
  };
  if (initrd === undefined && rootfs === undefined) files[`${FOLDER}/setup`] = "/bin/busybox --install -s /bin\n";
  if (rootIsDisk) files[`${FOLDER}/disk`] = "";
  for (const [at, module] of modules.entries()) {
    await lookAtModule(module);
    files[`${FOLDER}/modules/${String(at).padStart(3, "0")}-${basename(module)}`] = { file: module };
  }
  return files;
}

async function lookAtModule(module: string): Promise<void> {
  const isFile = await stat(module).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile) throw new UsageError("NO_SUCH_FILE", `There is no file ${module}, which --module names.`);
}

/** The kernel starts `/init` of an initramfs by itself, and `/sbin/init` of a disk. */
function bootsFrom(init: string | undefined, rootIsDisk: boolean): readonly string[] {
  if (!rootIsDisk) return init === undefined || init === "/init" ? [] : [`rdinit=${init}`];
  return ["root=/dev/vda", "rw", ...(init === undefined || init === "/sbin/init" ? [] : [`init=${init}`])];
}

async function readInitrd(initrd: string): Promise<Buffer> {
  await lookAtInitrd(initrd);
  return readFile(initrd);
}

type Base =
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  | { readonly kind: "files"; readonly files: ReadonlyMap<string, InitramfsFile>; readonly folder: string };

async function baseOf({ initrd, rootfs, rootIsDisk, command, programs }: ArchiveRequest): Promise<Base> {
  if (initrd !== undefined && rootfs === undefined) return { kind: "bytes", bytes: await readInitrd(initrd) };
  if (rootfs !== undefined) {
    const isFolder = await stat(rootfs).then(
      (found) => found.isDirectory(),
      () => false,
    );
    const what = rootIsDisk ? "a disk" : "an initramfs";
    if (!isFolder) throw new UsageError("NO_SUCH_FILE", `There is no folder ${rootfs} to make ${what} of.`);
    const files = await folderFiles(rootfs, what);
    if (command !== undefined && !isFileOfGuest(files, "bin/sh")) {
      throw new UsageError("BAD_IMAGE_FILE", `${rootfs} has no /bin/sh, which --exec needs.`, {
        hint: "links are followed within the folder only, as in the VM",
      });
    }
    return { kind: "files", files, folder: rootfs };
  }
  if (command === undefined) return { kind: "files", files: new Map(), folder: "" };
  const { busybox } = await programs();
  const files = new Map<string, InitramfsFile>([
    ["bin/busybox", { file: busybox, mode: 0o755 }],
    ["bin/sh", { link: "busybox" }],
    ["root", { folder: true, mode: 0o700 }],
    ["etc", { folder: true }],
    ["etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"],
  ]);
  return { kind: "files", files, folder: "" };
}

/** The first process that a folder has; `/init` is that of an initramfs, `/sbin/init` that of a disk. */
function initOf(base: Base): string | undefined {
  if (base.kind === "bytes") return undefined;
  if (isFileOfGuest(base.files, "init")) return "/init";
  if (isFileOfGuest(base.files, "sbin/init")) return "/sbin/init";
  throw new UsageError("BAD_IMAGE_FILE", `${base.folder} has neither /init nor /sbin/init to start.`, {
    hint: "--exec COMMAND brings a first process of its own",
  });
}

/** An archive may end anywhere; the next begins at a multiple of four, behind zeros. */
function padded(archive: Buffer): Buffer {
  const rest = archive.length % ALIGN_BYTES;
  return rest === 0 ? archive : Buffer.concat([archive, Buffer.alloc(ALIGN_BYTES - rest)]);
}

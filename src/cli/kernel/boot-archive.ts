/**
 * What the kernel of `avf run --kernel` unpacks: the caller's initramfs or folder, or a shell of ours, and for `--exec` behind
 * it an archive with our first process. The kernel takes several archives as one.
 */
import { randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { UsageError } from "../../base/errors.js";
import { buildInitramfs, folderFiles, lookAtInitrd, type InitramfsFile } from "../../images/index.js";

export interface ArchiveRequest {
  readonly initrd: string | undefined;
  readonly rootfs: string | undefined;
  readonly command: string | undefined;
  /** Where the first process of `--exec` is, and a shell for VMs that bring none. */
  readonly programs: () => Promise<{ readonly execInit: string; readonly busybox: string }>;
}

export interface BootArchive {
  readonly initrd: Buffer | undefined;
  /** For the kernel's command line. */
  readonly params: readonly string[];
  /** Of the marks on the console; undefined without a command. */
  readonly nonce: string | undefined;
}

const FOLDER = ".avf";
const NONCE_BYTES = 16;
const MAX_COMMAND_BYTES = 1 << 20;
const ALIGN_BYTES = 512;

/** @throws UsageError naming what is wrong */
export async function bootArchive(request: ArchiveRequest): Promise<BootArchive> {
  const { command, initrd, rootfs } = request;
  const base = await baseOf(request);
  const params = command === undefined && rootfs !== undefined ? await initOf(base) : [];
  const first =
    base.kind === "bytes"
      ? base.bytes
      : base.files.size === 0
        ? undefined
        : await buildInitramfs({ files: base.files });
  if (command === undefined) return { initrd: first, params, nonce: undefined };
  if (command.includes("\0") || Buffer.byteLength(command) > MAX_COMMAND_BYTES) {
    throw new UsageError(
      "BAD_ARGUMENTS",
      "--exec takes a line for the shell, of at most 1 MiB and without zero bytes.",
    );
  }
  const nonce = randomBytes(NONCE_BYTES).toString("hex");
  const { execInit } = await request.programs();
  const files: Record<string, InitramfsFile> = {
    [`${FOLDER}/init`]: { file: execInit, mode: 0o755 },
    [`${FOLDER}/nonce`]: nonce,
    [`${FOLDER}/command`]: { content: command, mode: 0o600 },
  };
  const isOurs = initrd === undefined && rootfs === undefined;
  if (isOurs) files[`${FOLDER}/setup`] = "/bin/busybox --install -s /bin\n";
  const second = await buildInitramfs({ files });
  const parts = first === undefined ? [second] : [padded(first), second];
  return { initrd: Buffer.concat(parts), params: [`rdinit=/${FOLDER}/init`], nonce };
}

type Base =
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  | { readonly kind: "files"; readonly files: ReadonlyMap<string, InitramfsFile>; readonly folder: string };

async function baseOf({ initrd, rootfs, command, programs }: ArchiveRequest): Promise<Base> {
  if (initrd !== undefined) {
    await lookAtInitrd(initrd);
    return { kind: "bytes", bytes: await readFile(initrd) };
  }
  if (rootfs !== undefined) {
    const isFolder = await stat(rootfs).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isFolder) throw new UsageError("NO_SUCH_FILE", `There is no folder ${rootfs} to make an initramfs of.`);
    const files = await folderFiles(rootfs);
    if (command !== undefined && !has(files, "bin/sh")) {
      throw new UsageError("BAD_IMAGE_FILE", `${rootfs} has no /bin/sh, which --exec needs.`);
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

/** The kernel starts `/init` by itself; a folder that was made for a disk has `/sbin/init`. */
async function initOf(base: Base): Promise<readonly string[]> {
  if (base.kind === "bytes" || base.files.has("init")) return [];
  if (has(base.files, "sbin/init")) return ["rdinit=/sbin/init"];
  throw new UsageError("BAD_IMAGE_FILE", `${base.folder} has neither /init nor /sbin/init to start.`, {
    hint: "--exec COMMAND brings a first process of its own",
  });
}

/** As itself, or by links of folders, as `bin -> usr/bin` is one. */
function has(files: ReadonlyMap<string, InitramfsFile>, path: string): boolean {
  const [head = "", ...rest] = path.split("/");
  const link = files.get(head);
  if (files.has(path)) return true;
  if (typeof link !== "object" || !("link" in link) || rest.length === 0) return false;
  return has(files, `${link.link.replace(/^\/+/, "")}/${rest.join("/")}`);
}

/** An archive may end anywhere; the next begins at a multiple of four, behind zeros. */
function padded(archive: Buffer): Buffer {
  const rest = archive.length % ALIGN_BYTES;
  return rest === 0 ? archive : Buffer.concat([archive, Buffer.alloc(ALIGN_BYTES - rest)]);
}

/** The disks of a raw config, in its order: images as they are, and partitions composed to disks of their own. */
import { chownSync, mkdirSync } from "node:fs";
import { open, writeFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { DiskPiece, VmmDisk } from "../../vmm/contract.js";
import { ServiceError } from "../service-error.js";
import type { DiskContext, VmDisks } from "../vm-plan.js";
import { alignPartition, makeGpt, PARTITION_ALIGNMENT_BYTES } from "./gpt.js";
import { checkImageFormat } from "./image-format.js";
import type { RawDisk, RawPartition } from "./raw-vm-config.js";

const SECTOR_BYTES = 512;

/** When it throws, the folder may be there, and no file is open. */
export async function makeRawDisks(disks: readonly RawDisk[], { folder, requester }: DiskContext): Promise<VmDisks> {
  mkdirSync(folder, { recursive: true, mode: 0o770 });
  chownSync(folder, requester.uid, requester.gid);
  const composer = new Composer(folder);
  try {
    const made: VmmDisk[] = [];
    for (const disk of disks) made.push(await makeRawDisk(disk, composer));
    return { disks: made, close: () => composer.close() };
  } catch (error) {
    await composer.close();
    throw error;
  }
}

async function makeRawDisk(disk: RawDisk, composer: Composer): Promise<VmmDisk> {
  const { writable } = disk;
  if ("partitions" in disk) return composer.compose(disk.partitions, writable);
  await checkImageFormat(disk.image);
  return { serial: undefined, file: disk.image.file, writable };
}

/** Names of files as Android's service has them. */
class Composer {
  readonly #opened: FileHandle[] = [];
  #zeros: FileHandle | undefined;
  #count = 0;

  constructor(private readonly folder: string) {}

  async compose(partitions: readonly RawPartition[], writable: boolean): Promise<VmmDisk> {
    const index = this.#count++;
    const sizes = await Promise.all(partitions.map(sizeOf));
    const gpt = layOut(partitions, sizes);
    const header = await this.#write(`composite-${index}-header.img`, gpt.header);
    const footer = await this.#write(`composite-${index}-footer.img`, gpt.footer);
    const table = { writable: false, name: "the partition table" };
    const pieces: DiskPiece[] = [{ file: header, offset: 0, bytes: gpt.header.length, ...table }];
    for (const [at, { image, writable: mayWrite }] of partitions.entries()) {
      const [offset = 0, bytes = 0] = [gpt.offsets[at], sizes[at]];
      const whole = Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
      if (bytes > 0) pieces.push({ file: image.file, offset, bytes: whole, writable: mayWrite, name: image.path });
      const rest = alignPartition(bytes) - whole;
      if (rest === 0) continue;
      const filler = { file: await this.#filler(), writable: false, name: "the filler" };
      pieces.push({ ...filler, offset: offset + whole, bytes: rest });
    }
    pieces.push({ file: footer, offset: gpt.footerOffset, bytes: gpt.footer.length, ...table });
    return { serial: undefined, file: header, writable, pieces };
  }

  async close(): Promise<void> {
    for (const file of this.#opened) await file.close().catch(() => undefined);
  }

  async #filler(): Promise<FileHandle> {
    return (this.#zeros ??= await this.#write("zero.img", Buffer.alloc(PARTITION_ALIGNMENT_BYTES)));
  }

  async #write(name: string, content: Buffer): Promise<FileHandle> {
    const path = join(this.folder, name);
    await writeFile(path, content, { mode: 0o600 });
    const file = await open(path, "r");
    this.#opened.push(file);
    return file;
  }
}

async function sizeOf({ image }: RawPartition): Promise<number> {
  await checkImageFormat(image);
  return (await image.file.stat()).size;
}

function layOut(partitions: readonly RawPartition[], sizes: readonly number[]): ReturnType<typeof makeGpt> {
  try {
    for (const [index, { image, writable }] of partitions.entries()) {
      if (!writable || (sizes[index] ?? 0) % PARTITION_ALIGNMENT_BYTES === 0) continue;
      throw new Error(`Read-write partition ${image.path} size is not a multiple of ${PARTITION_ALIGNMENT_BYTES}.`);
    }
    return makeGpt(partitions.map(({ label, guid }, index) => ({ label, guid, bytes: sizes[index] ?? 0 })));
  } catch (error) {
    const why = (error as Error).message;
    throw new ServiceError("EX_SERVICE_SPECIFIC", `Failed to make composite disk image\n\nCaused by:\n    ${why}`);
  }
}

/**
 * Disks in whole sectors. crosvm hides what is left over at the end of a file, while QEMU rounds up; Android packs its
 * files into composite images, which pads them.
 */
import { copyFile, open, truncate, writeFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { DiskPiece, VmmDisk } from "../contract.js";
import { VmStartRefusal } from "../kernel/start-refusal.js";
import { compositeDisk } from "./composite-disk.js";

interface WholeDisks {
  readonly disks: readonly VmmDisk[];
  /** Files for the monitor to inherit behind the disks: composite disks name them by their descriptors. */
  readonly parts: readonly FileHandle[];
  /** Closes what was opened here; the files go with the VM's folder. */
  readonly close: () => Promise<void>;
}

interface WholeDisksOptions {
  /** The VM's own. */
  readonly folder: string;
  /** Whether this crosvm reads composite disks: a feature of its build. */
  readonly composite: boolean;
  /** Descriptor that the monitor inherits the first disk as. */
  readonly firstFd: number;
}

const SECTOR_BYTES = 512;
/** What Android aligns partitions to, and the size of its file of zeros. */
const BLOCK_BYTES = 4096;

/**
 * A read-only file of an odd size becomes a composite disk of itself and zeros, so that the guest sees the file as it is
 * at any time; without composite disks, a copy with zeros. A writable one stays as it is, for its owner wants to find
 * there what the guest wrote: its last bytes are not visible in the guest.
 */
export async function makeWholeDisks(disks: readonly VmmDisk[], options: WholeDisksOptions): Promise<WholeDisks> {
  const { folder, composite, firstFd } = options;
  const opened: FileHandle[] = [];
  const parts: FileHandle[] = [];
  const close = async (): Promise<void> => {
    for (const file of opened) await file.close();
  };
  const openHere = async (path: string): Promise<FileHandle> => {
    const file = await open(path, "r");
    opened.push(file);
    return file;
  };
  const inherit = (file: FileHandle): string => `/proc/self/fd/${firstFd + disks.length + parts.push(file) - 1}`;
  let zeros: string | undefined;
  const zerosPath = async (): Promise<string> => (zeros ??= inherit(await openHere(await writeZeros(folder))));
  const composed = async ({ pieces = [], ...disk }: VmmDisk, index: number): Promise<VmmDisk> => {
    const path = join(folder, `composite-${index}.img`);
    const end = pieces.at(-1);
    const lengthBytes = end ? end.offset + end.bytes : 0;
    if (composite) {
      const layout = pieces.map(({ file, offset, writable }) => ({ path: inherit(file), offset, writable }));
      await writeFile(path, compositeDisk(layout, lengthBytes), { mode: 0o600 });
    } else if (disk.writable) {
      throw new VmStartRefusal("a writable disk of partitions needs a crosvm with its feature `composite-disk`");
    } else await copyPieces(pieces, path);
    const file = await open(path, disk.writable ? "r+" : "r");
    opened.push(file);
    return { ...disk, file };
  };
  const makeWhole = async (disk: VmmDisk, index: number): Promise<VmmDisk> => {
    if (disk.pieces) return composed(disk, index);
    const { size } = await disk.file.stat();
    if (disk.writable || size % SECTOR_BYTES === 0) return disk;
    const wholeBytes = Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
    const path = join(folder, `disk-${disk.serial ?? index}.img`);
    if (composite) {
      const layout = [
        { path: inherit(disk.file), offset: 0 },
        { path: await zerosPath(), offset: size },
      ];
      await writeFile(path, compositeDisk(layout, wholeBytes), { mode: 0o600 });
    } else {
      // By its descriptor: the path that led to it may lead elsewhere now, or nowhere.
      await copyFile(`/proc/self/fd/${disk.file.fd}`, path);
      await truncate(path, wholeBytes);
    }
    return { ...disk, file: await openHere(path) };
  };
  try {
    const whole: VmmDisk[] = [];
    for (const [index, disk] of disks.entries()) whole.push(await makeWhole(disk, index));
    return { disks: whole, parts, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function copyPieces(pieces: readonly DiskPiece[], path: string): Promise<void> {
  const target = await open(path, "wx", 0o600);
  try {
    for (const { file, offset } of pieces) {
      const source = file.createReadStream({ start: 0, autoClose: false });
      let at = offset;
      for await (const chunk of source as AsyncIterable<Buffer>) {
        await target.write(chunk, 0, chunk.length, at);
        at += chunk.length;
      }
    }
  } finally {
    await target.close();
  }
}

async function writeZeros(folder: string): Promise<string> {
  const path = join(folder, "zero.img");
  await writeFile(path, Buffer.alloc(BLOCK_BYTES), { mode: 0o600 });
  return path;
}

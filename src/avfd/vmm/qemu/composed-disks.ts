/**
 * Disks that are put together from several files: to QEMU each is a VMDK of flat extents, which names the pieces by the
 * descriptors that QEMU inherits.
 */
import { open, writeFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { DiskPiece, VmmConfig, VmmDisk } from "../contract.js";
import { VmStartRefusal } from "../kernel/start-refusal.js";
import { controlFd } from "../monitor-process.js";

interface ComposedDisks {
  /** Of the composed ones, the file is the description. */
  readonly disks: readonly VmmDisk[];
  /** Pieces for QEMU to inherit behind its control channel. */
  readonly pieces: readonly FileHandle[];
  /** Closes what was opened here; the files go with the VM's folder. */
  readonly close: () => Promise<void>;
}

const SECTOR_BYTES = 512;

/** Throws `VmStartRefusal` for what QEMU cannot put together. When it throws, no file stays open. */
export async function composeDisks({ disks, folder }: VmmConfig): Promise<ComposedDisks> {
  const opened: FileHandle[] = [];
  const inherited: FileHandle[] = [];
  const close = async (): Promise<void> => {
    for (const file of opened) await file.close();
  };
  const inherit = (file: FileHandle): number => controlFd(disks) + inherited.push(file);
  const describe = async (disk: VmmDisk, index: number): Promise<VmmDisk> => {
    if (!disk.pieces) return disk;
    checkWritable(disk, disk.pieces);
    const extents = disk.pieces.map((piece) => extent(piece, inherit(piece.file)));
    const path = join(folder, `composite-${index}.vmdk`);
    await writeFile(path, HEADER + extents.join(""), { mode: 0o600 });
    const file = await open(path, disk.writable ? "r+" : "r");
    opened.push(file);
    return { ...disk, file };
  };
  try {
    const composed: VmmDisk[] = [];
    for (const [index, disk] of disks.entries()) composed.push(await describe(disk, index));
    return { disks: composed, pieces: inherited, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** VMware's Virtual Disk Format 1.1: a description in a file of its own. */
const HEADER = '# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType="twoGbMaxExtentFlat"\n';

/** By way of /proc, which opens the file once more: it is opened for the disk's use, whatever the descriptor is for. */
function extent({ bytes }: DiskPiece, fd: number): string {
  return `RW ${bytes / SECTOR_BYTES} FLAT "/proc/self/fd/${fd}" 0\n`;
}

/** QEMU opens all pieces of a writable disk for writing: what the caller gave for reading only must not be among them. */
function checkWritable({ writable }: VmmDisk, pieces: readonly DiskPiece[]): void {
  // The first and the last piece are the partition table, which is nobody's file.
  const readOnly = writable ? pieces.slice(1, -1).find((piece) => !piece.writable) : undefined;
  if (readOnly === undefined) return;
  throw new VmStartRefusal(
    `${readOnly.name} is a read-only partition of a writable disk, which QEMU cannot have: make the partition writable, or ` +
      "the disk read-only, or run the VM on crosvm",
  );
}

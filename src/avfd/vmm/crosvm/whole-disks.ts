/**
 * Disks in whole sectors. Android packs its files into composite images, which pads them; crosvm alone hides what is left
 * over at the end of a file, while QEMU rounds up.
 */
import { copyFile, open, truncate, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { VmmDisk } from "../contract.js";

export const SECTOR_BYTES = 512;
/** What Android aligns partitions to. */
const PADDED_BYTES = 4096;

export interface WholeDisks {
  readonly disks: readonly VmmDisk[];
  /** Closes what was opened here; the files go with the VM's folder. */
  close(): Promise<void>;
}

/**
 * Read-only files of an odd size are copied to `folder`, with zeros to a whole block. A writable one stays as it is, for
 * its owner wants to find there what the guest wrote: its last bytes are not visible in the guest.
 */
export async function makeWholeDisks(disks: readonly VmmDisk[], folder: string): Promise<WholeDisks> {
  const opened: FileHandle[] = [];
  const close = async (): Promise<void> => {
    for (const file of opened) await file.close();
  };
  try {
    const whole: VmmDisk[] = [];
    for (const disk of disks) {
      const { size } = await disk.file.stat();
      if (disk.writable || size % SECTOR_BYTES === 0) {
        whole.push(disk);
        continue;
      }
      const path = join(folder, `disk-${disk.serial}.img`);
      // By its descriptor: the path that led to it may lead elsewhere now, or nowhere.
      await copyFile(`/proc/self/fd/${disk.file.fd}`, path);
      await truncate(path, Math.ceil(size / PADDED_BYTES) * PADDED_BYTES);
      const file = await open(path, "r");
      opened.push(file);
      whole.push({ ...disk, file });
    }
    return { disks: whole, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Images that running VMs have: one that writes has its images alone. crosvm and QEMU lock files as well, each in its words. */
import { fstatSync } from "node:fs";
import { VmStartRefusal } from "../../vmm/kernel/start-refusal.js";
import type { NamedFile, RawDisk } from "./raw-vm-config.js";

interface Held {
  readonly cid: number;
  readonly id: string;
  readonly writable: boolean;
}

export class ImageLocks {
  readonly #held = new Set<Held>();

  /**
   * Until the function that is returned is called.
   * @throws VmStartRefusal when another VM, or the same disk list, has one of them already and either writes
   */
  take(cid: number, disks: readonly RawDisk[]): () => void {
    const taken: Held[] = [];
    const release = (): void => taken.forEach((one) => this.#held.delete(one));
    for (const { image, writable } of disks.flatMap(imagesOf)) {
      const { dev, ino } = fstatSync(image.file.fd, { bigint: true });
      const wanted = { cid, id: `${dev}:${ino}`, writable };
      const other = [...this.#held].find(({ id, writable: writes }) => id === wanted.id && (writes || writable));
      if (other !== undefined) {
        release();
        const owner = other.cid === cid ? "another disk of this VM" : `the VM with CID ${other.cid}`;
        throw new VmStartRefusal(`failed to lock disk image ${image.path}: ${owner} uses it`);
      }
      this.#held.add(wanted);
      taken.push(wanted);
    }
    return release;
  }
}

function imagesOf(disk: RawDisk): readonly { readonly image: NamedFile; readonly writable: boolean }[] {
  if ("image" in disk) return [disk];
  return disk.partitions.map(({ image, writable }) => ({ image, writable: writable && disk.writable }));
}

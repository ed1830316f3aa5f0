/**
 * The file of a VM's console or log: a guest that prints without end fills neither the device's disk nor holds up the VM.
 * Android's `vm` knows no such bound, but a phone's disk is its user's, and this one is shared by all VMs of a test.
 */
import { statfs, type FileHandle } from "node:fs/promises";
import { Writable } from "node:stream";

export interface FileBound {
  readonly maxBytes: number;
  /** What has to be left on the file's disk for others. */
  readonly minFreeBytes: number;
}

/** The shell may set it for VMs that start later: how many bytes each file of a console or log may have. */
export const OUTPUT_BYTES_PROPERTY = "debug.avf.vm_output_bytes";

const BOUND: FileBound = { maxBytes: 256 << 20, minFreeBytes: 512 << 20 };
/** Between two looks at the disk. */
const LOOK_EVERY_BYTES = 4 << 20;

export function fileBound(property: string | undefined): FileBound {
  const set = Number(property);
  return Number.isSafeInteger(set) && set > 0 ? { ...BOUND, maxBytes: set } : BOUND;
}

/** Pipes and the like take all: who reads them sets the pace. */
export async function openBounded(file: FileHandle, bound: FileBound): Promise<Writable> {
  return (await file.stat()).isFile() ? new BoundedFile(file, bound) : file.createWriteStream();
}

class BoundedFile extends Writable {
  #bytes = 0;
  #lookAt = 0;
  /** The last byte that was written ends a line. */
  #lineEnded = true;
  #cut = false;

  constructor(
    private readonly file: FileHandle,
    private readonly bound: FileBound,
  ) {
    super();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#take(chunk).then(
      () => done(),
      () => {
        // What cannot be written is dropped silently: the VM continues without its file.
        this.#cut = true;
        done();
      },
    );
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.file.close().then(
      () => done(error),
      () => done(error),
    );
  }

  async #take(chunk: Buffer): Promise<void> {
    if (this.#cut) return;
    const room = this.bound.maxBytes - this.#bytes;
    await this.#append(chunk.subarray(0, room));
    if (chunk.length > room) return this.#end(`it has ${describe(this.bound.maxBytes)}`);
    if (this.#bytes < this.#lookAt) return;
    this.#lookAt = this.#bytes + LOOK_EVERY_BYTES;
    // The descriptor's own name: its path is its owner's, who may have moved it.
    const disk = await statfs(`/proc/self/fd/${this.file.fd}`).catch(() => undefined);
    if (disk !== undefined && disk.bavail * disk.bsize < this.bound.minFreeBytes)
      return this.#end(`its disk has less than ${describe(this.bound.minFreeBytes)} left`);
  }

  async #end(why: string): Promise<void> {
    this.#cut = true;
    const line = `[vm: this file ends here because ${why}; the VM continues]\n`;
    await this.#append(Buffer.from(this.#lineEnded ? line : `\n${line}`));
  }

  async #append(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length;) at += (await this.file.write(bytes, at)).bytesWritten;
    this.#bytes += bytes.length;
    if (bytes.length > 0) this.#lineEnded = bytes.at(-1) === 0x0a;
  }
}

function describe(bytes: number): string {
  return bytes >= 1 << 20 ? `${Math.floor(bytes / 2 ** 20)} MiB` : `${bytes} bytes`;
}

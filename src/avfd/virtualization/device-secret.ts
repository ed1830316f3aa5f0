/** A secret of the device, with which its guests seal their instance images: an image is of no use on another device. */
import { chmod, mkdir, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { writeFileAtomic } from "../../base/files/atomic-file.js";
import { kernelRandomBytes } from "../kernel-random.js";

const SECRET_BYTES = 32;

export class DeviceSecret {
  #secret: Promise<Buffer> | undefined;

  /** @param file where it is kept, for root's eyes only */
  constructor(private readonly file: string) {}

  /** Its VMs lose their identity. For a device that others will continue from: what it has, all of those would share. */
  async forget(): Promise<void> {
    await this.#secret?.catch(() => undefined);
    this.#secret = undefined;
    await rm(this.file, { force: true });
  }

  /** Made when a VM first asks. */
  async get(): Promise<Buffer> {
    this.#secret ??= readOrMake(this.file);
    try {
      return await this.#secret;
    } catch (error) {
      this.#secret = undefined;
      throw error;
    }
  }
}

async function readOrMake(file: string): Promise<Buffer> {
  const saved = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    // Anything else must not end in a new secret: it would cost all VMs of the device their identity.
    if (error.code !== "ENOENT") throw error;
    return undefined;
  });
  if (saved) {
    if (saved.length !== SECRET_BYTES) throw new Error(`${file} has ${saved.length} bytes, not ${SECRET_BYTES}`);
    return saved;
  }
  const secret = kernelRandomBytes(SECRET_BYTES);
  await mkdir(dirname(file), { recursive: true });
  await chmod(dirname(file), 0o700);
  await writeFileAtomic(file, secret, { mode: 0o600 });
  return secret;
}

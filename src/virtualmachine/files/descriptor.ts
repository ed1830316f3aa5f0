/**
 * A VM's identity on its way to another name or app. Mirrors VirtualMachineDescriptor.java: it stands for the files of the
 * VM, whose data is copied when it is imported. Java holds them open, so that they outlive the VM; here they are put aside
 * when the VM is deleted while a descriptor of it is open.
 */
import { randomBytes } from "node:crypto";
import { IllegalStateException } from "../errors.js";
import type { RemoteFiles } from "../../virtualizationservice/contract.js";

/** In the order Java parcels them: what config.xml says, then paths on the device. */
export interface DescriptorFiles {
  readonly configXml: string;
  readonly instanceId: string | undefined;
  readonly instanceImage: string;
  readonly encryptedStorage: string | undefined;
}

export class VirtualMachineDescriptor {
  #files: DescriptorFiles;
  #closed = false;
  #lost = false;
  #putAside: { readonly files: RemoteFiles; readonly folder: string } | undefined;

  /** Get one from `VirtualMachine.toDescriptor()` or from `fromParcel()`. */
  private constructor(files: DescriptorFiles) {
    this.#files = Object.freeze({ ...files });
  }

  /** From what `writeToParcel()` gave, also in another process. */
  static fromParcel(parcel: DescriptorFiles): VirtualMachineDescriptor {
    return new VirtualMachineDescriptor(parcel);
  }

  /** Plain data to hand to another process. @throws IllegalStateException `Descriptor has been closed` */
  writeToParcel(): DescriptorFiles {
    if (this.#closed) throw new IllegalStateException("Descriptor has been closed");
    return this.#files;
  }

  /** @internal Whether the files are not those of the VM any more, because somebody removed its folder. */
  get isLost(): boolean {
    return this.#lost;
  }

  /** @internal What is found under the paths from now on belongs to another VM, unless it was put aside. */
  lose(): void {
    if (!this.#putAside) this.#lost = true;
  }

  /** Repeatable. */
  async close(): Promise<void> {
    this.#closed = true;
    const putAside = this.#putAside;
    this.#putAside = undefined;
    await putAside?.files.remove(putAside.folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal The VM is about to be deleted: keeps its data under `<dataFolder>/descriptors`. */
  async putAside(files: RemoteFiles, dataFolder: string): Promise<void> {
    if (this.#closed || this.#putAside) return;
    const folder = `${dataFolder}/descriptors/${randomBytes(8).toString("hex")}`;
    this.#putAside = { files, folder };
    await files.ensureFolder(folder);
    const copy = async (path: string): Promise<string> => {
      const kept = `${folder}${path.slice(path.lastIndexOf("/"))}`;
      await files.copy(path, kept);
      return kept;
    };
    const { configXml, instanceId, instanceImage, encryptedStorage } = this.#files;
    this.#files = Object.freeze({
      configXml,
      instanceId: instanceId && (await copy(instanceId)),
      instanceImage: await copy(instanceImage),
      encryptedStorage: encryptedStorage && (await copy(encryptedStorage)),
    });
  }
}

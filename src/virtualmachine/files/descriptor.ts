/**
 * A VM's identity on its way to another name or app. Mirrors VirtualMachineDescriptor.java: it stands for the files of the
 * VM, whose data is copied when it is imported. Java holds them open, so that they outlive the VM; here they are put aside
 * when the VM is deleted while a descriptor of it is open.
 */
import { randomBytes } from "node:crypto";
import { IllegalStateException } from "../errors.js";
import type { RemoteFiles } from "../../virtualizationservice/contract.js";

/** Paths on the device, in the order Java parcels them. */
export interface DescriptorFiles {
  readonly config: string;
  readonly instanceId: string | undefined;
  readonly instanceImage: string;
  readonly encryptedStorage: string | undefined;
}

export class VirtualMachineDescriptor {
  #files: DescriptorFiles;
  #closed = false;
  #putAside: { readonly files: RemoteFiles; readonly folder: string } | undefined;

  /** @internal Get one from `VirtualMachine.toDescriptor()` or from `fromParcel()`. */
  constructor(files: DescriptorFiles) {
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
    const { config, instanceId, instanceImage, encryptedStorage } = this.#files;
    this.#files = Object.freeze({
      config: await copy(config),
      instanceId: instanceId && (await copy(instanceId)),
      instanceImage: await copy(instanceImage),
      encryptedStorage: encryptedStorage && (await copy(encryptedStorage)),
    });
  }
}

/**
 * A VM's identity on its way to another name or app. Mirrors VirtualMachineDescriptor.java: it names the files of the VM;
 * their data is copied when it is imported.
 */
import { IllegalStateException } from "./errors.js";
import type { MachineControl } from "./machine-control.js";

/** Paths on the device, in the order Java parcels them. */
export interface DescriptorFiles {
  readonly config: string;
  readonly instanceId: string | undefined;
  readonly instanceImage: string;
  readonly encryptedStorage: string | undefined;
}

export class VirtualMachineDescriptor {
  readonly #files: DescriptorFiles;
  #closed = false;

  /** @internal Get one from `VirtualMachine.toDescriptor()`, or from what `writeToParcel()` gave to another process. */
  constructor(files: DescriptorFiles) {
    this.#files = Object.freeze({ ...files });
  }

  static fromParcel(parcel: DescriptorFiles): VirtualMachineDescriptor {
    return new VirtualMachineDescriptor(parcel);
  }

  /** Plain data that another process makes a descriptor of. @throws IllegalStateException after `close()` */
  writeToParcel(): DescriptorFiles {
    return this.files();
  }

  /** @internal @throws IllegalStateException `Descriptor has been closed` */
  files(): DescriptorFiles {
    if (this.#closed) throw new IllegalStateException("Descriptor has been closed");
    return this.#files;
  }

  /** Repeatable. */
  close(): void {
    this.#closed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Makes descriptors of a VM. */
export class VmDescriptorSource {
  constructor(private readonly control: MachineControl) {}

  open(): VirtualMachineDescriptor {
    const { folder, config, usesInstanceId } = this.control;
    return new VirtualMachineDescriptor({
      config: folder.config,
      instanceId: usesInstanceId ? folder.instanceId : undefined,
      instanceImage: folder.instanceImage,
      encryptedStorage: config.isEncryptedStorageEnabled() ? folder.storage : undefined,
    });
  }
}

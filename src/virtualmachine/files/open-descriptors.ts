/** The descriptors of one VM that may still be open when it is deleted. */
import { describeError } from "../../base/errors.js";
import { report, type VmContext } from "../context.js";
import type { VirtualMachineDescriptor } from "./descriptor.js";

export class OpenDescriptors {
  readonly #descriptors: WeakRef<VirtualMachineDescriptor>[] = [];

  add(descriptor: VirtualMachineDescriptor): VirtualMachineDescriptor {
    this.#descriptors.push(new WeakRef(descriptor));
    return descriptor;
  }

  /** Somebody removed the VM's files behind the library's back. */
  lose(): void {
    for (const descriptor of this.#descriptors) descriptor.deref()?.lose();
  }

  /** Keeps their data while the VM's files go. Never rejects: a damaged VM can be deleted, and its import fails later. */
  async putAside(context: VmContext): Promise<void> {
    for (const descriptor of this.#descriptors) {
      await descriptor
        .deref()
        ?.putAside(context.service.files, context.dataFolder)
        .catch((error: unknown) => {
          report(context, `failed to keep the files of an open descriptor of a deleted VM: ${describeError(error)}`);
        });
    }
  }
}

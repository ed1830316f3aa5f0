/** Puts the files of a new VM on the device: claimed first and atomically, removed again when a step fails. */
import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import { atOnce } from "../../base/async/at-once.js";
import { describeError } from "../../base/errors.js";
import { checkCapabilities, contextRelease, usesInstanceIds } from "../config/capabilities.js";
import { findExtraApks } from "../run/extra-apks.js";
import { missingPermission, VirtualMachineException } from "../errors.js";
import { readConfigXml, writeConfigXml, type StoredConfig } from "../config/xml/config-xml.js";
import { vmFolder } from "./vm-folder.js";
import type { VirtualMachineConfig } from "../config/config.js";
import type { PartitionType } from "../../virtualizationservice/contract.js";
import type { VmContext } from "../context.js";
import type { DescriptorFiles, VirtualMachineDescriptor } from "./descriptor.js";
import type { VmIdentity } from "./vm-identity.js";
import type { VmFolder } from "./vm-folder.js";

export const INSTANCE_IMAGE_BYTES = 10 * 1024 * 1024;
const INSTANCE_ID_BYTES = 64;
const MARK_BYTES = 16;

/** Steps as in VirtualMachine.java#create, each with Java's message; at once, for each is a call to the device. */
export async function createVm(context: VmContext, name: string, config: VirtualMachineConfig): Promise<VmIdentity> {
  await checkCapabilities(context, config);
  const usesInstanceId = await usesInstanceIds(context);
  const release = await contextRelease(context);
  return claimed(context, name, async (folder, mark) => {
    const { service } = context;
    const step = stepsOf(name);
    const { files } = service;
    const makePartition = (path: string, bytes: number, type: PartitionType): Promise<void> =>
      makeAnew(
        () => service.initializeWritablePartition(path, bytes, type),
        () => files.removeClaimed(folder.root, mark, basename(path)),
      );
    const [extraApks] = await atOnce(
      () => findExtraApks(context, config, release),
      () => step("failed to write VM config", () => files.write(folder.config, writeConfigXml(config, { release }))),
      async () => {
        if (!usesInstanceId) return;
        const id = randomBytes(INSTANCE_ID_BYTES);
        await step("failed to create instance_id", () => files.write(folder.instanceId, id));
      },
      () =>
        step("failed to create instance partition", () =>
          makePartition(folder.instanceImage, INSTANCE_IMAGE_BYTES, "instance"),
        ),
      async () => {
        if (!config.isEncryptedStorageEnabled()) return;
        const bytes = config.getEncryptedStorageBytes();
        await step("failed to create encrypted storage partition", () =>
          makePartition(folder.storage, bytes, "encryptedstore"),
        );
      },
    );
    return {
      ...{ context, name, folder, config, release, usesInstanceId, extraApks },
      ...{ hasStorage: config.isEncryptedStorageEnabled(), unknownConfig: new Map(), cause: { kind: "created" } },
    };
  });
}

/**
 * Another process may be starting the VM of this name that was deleted before ours was claimed: the tool makes images that are
 * not there, and has made one in our folder then. It ends soon, for its own files are gone.
 */
async function makeAnew(make: () => Promise<void>, removeOther: () => Promise<boolean>): Promise<void> {
  try {
    await make();
  } catch (error) {
    if (!(await removeOther().catch(() => false))) throw error;
    await make();
  }
}

/** Takes over config, instance, storage and instance id, in this order. */
export async function importVm(
  context: VmContext,
  name: string,
  descriptor: VirtualMachineDescriptor,
): Promise<VmIdentity> {
  let nameIsFree = false;
  try {
    return await claimed(context, name, async (folder) => {
      nameIsFree = true;
      if (descriptor.isLost) {
        throw new VirtualMachineException("CREATE_FAILED", "failed to transfer instance image", {
          vmName: name,
          hint: "Somebody removed the folder of the VM that the descriptor was made of.",
        });
      }
      return copyFiles(context, name, descriptor.writeToParcel(), folder);
    });
  } finally {
    if (nameIsFree) await descriptor.close();
  }
}

async function copyFiles(
  context: VmContext,
  name: string,
  from: DescriptorFiles,
  folder: VmFolder,
): Promise<VmIdentity> {
  const { files } = context.service;
  const step = stepsOf(name);
  const release = await contextRelease(context);
  const { config, unknown } = readDescriptorConfig(Buffer.from(from.configXml), context, name);
  await checkCapabilities(context, config);
  const extraApks = await findExtraApks(context, config, release);
  await step("failed to write VM config", () =>
    files.write(folder.config, writeConfigXml(config, { release, unknown })),
  );
  await step("failed to transfer instance image", () => files.copy(from.instanceImage, folder.instanceImage));
  const { encryptedStorage, instanceId } = from;
  if (encryptedStorage !== undefined) {
    await step("failed to transfer encryptedstore image", () => files.copy(encryptedStorage, folder.storage));
  }
  if (instanceId !== undefined) {
    await step("failed to copy instance_id", () => files.copy(instanceId, folder.instanceId));
  }
  const usesInstanceId = instanceId !== undefined;
  return {
    ...{ context, name, folder, config, release, usesInstanceId, extraApks },
    ...{ hasStorage: config.isEncryptedStorageEnabled(), unknownConfig: unknown, cause: { kind: "imported" } },
  };
}

/** Java says it in other words than of a file. */
function readDescriptorConfig(bytes: Uint8Array, context: VmContext, name: string): StoredConfig {
  try {
    return readConfigXml(bytes, context.capabilities);
  } catch (cause) {
    if (!(cause instanceof VirtualMachineException) || cause.code !== "CONFIG_UNREADABLE") throw cause;
    throw exception("CONFIG_UNREADABLE", "failed to read VM config from file descriptor", name, cause.cause);
  }
}

/**
 * Making the folder is the check that the name is free, across processes. Its parents stay, whatever follows. While `work`
 * fills it, another process may delete it, as it may any VM that it sees there, and make one of its own: that one is
 * neither undone nor taken for ours.
 */
async function claimed<T>(
  context: VmContext,
  name: string,
  work: (folder: VmFolder, mark: string) => Promise<T>,
): Promise<T> {
  const { files } = context.service;
  const folder = vmFolder(context.dataFolder, name);
  const mark = randomBytes(MARK_BYTES).toString("hex");
  const isOurs = await stepsOf(name)("failed to create directory for VM", () => files.claimFolder(folder.root, mark));
  if (!isOurs) throw exception("VM_EXISTS", "virtual machine already exists", name);
  try {
    const made = await work(folder, mark);
    if (await files.keepClaim(folder.root, mark)) return made;
    throw exception("CREATE_FAILED", "another process deleted the virtual machine while it was made", name);
  } catch (error) {
    try {
      await files.undoClaim(folder.root, mark);
    } catch (cleanUpError) {
      throw withSuppressed(error, cleanUpError);
    }
    throw error;
  }
}

/** The first error stays the error; what went wrong while undoing hangs on it. */
function withSuppressed(error: unknown, cleanUpError: unknown): unknown {
  if (!(error instanceof VirtualMachineException)) {
    return new VirtualMachineException("CREATE_FAILED", describeError(error), {
      cause: error,
      suppressed: [cleanUpError],
    });
  }
  const { code, shortMessage, hint, lastLines, cause, vmName, suppressed } = error;
  return new VirtualMachineException(code, shortMessage, {
    ...{ hint, lastLines, cause, vmName },
    suppressed: [...suppressed, cleanUpError],
  });
}

type Step = <T>(message: string, work: () => Promise<T>) => Promise<T>;

function stepsOf(name: string): Step {
  return async (message, work) => {
    try {
      return await work();
    } catch (cause) {
      throw missingPermission(cause) ?? exception("CREATE_FAILED", message, name, cause);
    }
  };
}

function exception(code: string, message: string, vmName: string, cause?: unknown): VirtualMachineException {
  return new VirtualMachineException(code, message, { vmName, cause });
}

/** Finds a VM by its files on the device. Mirrors VirtualMachine.java#load. */
import { contextRelease, usesInstanceIds } from "../config/capabilities.js";
import { findExtraApks } from "../run/extra-apks.js";
import { VirtualMachineException } from "../errors.js";
import { readConfigXml } from "../config/xml/config-xml.js";
import { vmFolder } from "./vm-folder.js";
import type { VmContext } from "../context.js";
import type { VmIdentity } from "./vm-identity.js";
import type { VmFolder } from "./vm-folder.js";

/** Undefined when there is no such VM. @throws VirtualMachineException for a damaged one, which can still be deleted */
export async function loadVm(context: VmContext, name: string): Promise<VmIdentity | undefined> {
  const { files } = context.service;
  const folder = vmFolder(context.dataFolder, name);
  if (!(await files.exists(folder.root))) return undefined;
  try {
    return await readVm(context, name, folder);
  } catch (error) {
    // Another process may have deleted it under our eyes: then it is not damaged but gone.
    if (!(await files.exists(folder.root))) return undefined;
    throw error;
  }
}

async function readVm(context: VmContext, name: string, folder: VmFolder): Promise<VmIdentity> {
  const { files } = context.service;
  const damaged = (code: string, message: string, cause?: unknown): VirtualMachineException =>
    new VirtualMachineException(code, message, { vmName: name, cause });
  const bytes = await files.read(folder.config).catch((cause: unknown) => {
    throw damaged("CONFIG_UNREADABLE", "Failed to read VM config from file", cause);
  });
  if (!bytes) throw damaged("CONFIG_UNREADABLE", "Failed to read VM config from file");
  const { config, unknown } = readConfigXml(bytes, context.capabilities);

  const release = await contextRelease(context);
  const extraApks = await findExtraApks(context, config, release);
  const present = new Set(await files.list(folder.root));
  const usesInstanceId = await usesInstanceIds(context);
  if (usesInstanceId && !present.has("instance_id")) throw damaged("INSTANCE_ID_MISSING", "instance_id file missing");
  if (!present.has("instance.img")) throw damaged("INSTANCE_IMAGE_MISSING", "instance image missing");
  if (config.isEncryptedStorageEnabled() && !present.has("storage.img")) {
    throw damaged("STORAGE_IMAGE_MISSING", "Storage image missing");
  }
  return {
    ...{ context, name, folder, config, release, usesInstanceId, extraApks },
    ...{ hasStorage: config.isEncryptedStorageEnabled(), unknownConfig: unknown, cause: { kind: "loaded" } },
  };
}

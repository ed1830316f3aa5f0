/** The files of a VM that a descriptor stands for. Android opens them, so that they have to be there. */
import { VirtualMachineException } from "../errors.js";
import type { VmIdentity } from "./vm-identity.js";

/** @throws VirtualMachineException for the first that is not there */
export async function requireFiles(
  { context, name, folder, usesInstanceId }: VmIdentity,
  hasStorage: boolean,
): Promise<void> {
  const present = await context.service.files.list(folder.root);
  const lacking = REQUIRED.find(({ file }) => {
    if ((file === "instance_id" && !usesInstanceId) || (file === "storage.img" && !hasStorage)) return false;
    return !present.includes(file);
  });
  if (lacking) throw new VirtualMachineException(lacking.code, lacking.message, { vmName: name });
}

const REQUIRED = [
  { file: "config.xml", code: "CONFIG_UNREADABLE", message: "config.xml is missing" },
  { file: "instance_id", code: "INSTANCE_ID_MISSING", message: "instance_id file missing" },
  { file: "instance.img", code: "INSTANCE_IMAGE_MISSING", message: "instance image missing" },
  { file: "storage.img", code: "STORAGE_IMAGE_MISSING", message: "Storage image missing" },
] as const;

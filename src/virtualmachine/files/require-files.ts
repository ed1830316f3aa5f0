/** The files that make a VM what it is. Android opens them for a run and for a descriptor, so that they have to be there. */
import { VirtualMachineException } from "../errors.js";
import type { VmIdentity } from "./vm-identity.js";

/** Names in the VM's folder, and which of instance, instance id and storage are not among them, in the order of a run. */
export async function presentFiles({
  context,
  folder,
  usesInstanceId,
  hasStorage,
}: VmIdentity): Promise<{ readonly names: readonly string[]; readonly lacking: readonly string[] }> {
  const names = await context.service.files.list(folder.root);
  const needed = ["instance.img", ...(usesInstanceId ? ["instance_id"] : []), ...(hasStorage ? ["storage.img"] : [])];
  return { names, lacking: needed.filter((file) => !names.includes(file)) };
}

/**
 * For a descriptor.
 * @returns what config.xml says
 * @throws VirtualMachineException for the first that is not there
 */
export async function requireFiles(identity: VmIdentity): Promise<string> {
  const { context, folder, name } = identity;
  const config = await context.service.files.read(folder.config);
  const lacking = config === undefined ? ["config.xml"] : (await presentFiles(identity)).lacking;
  const first = REQUIRED.find(({ file }) => lacking.includes(file));
  if (first) throw new VirtualMachineException(first.code, first.message, { vmName: name });
  return String(config);
}

const REQUIRED = [
  { file: "config.xml", code: "CONFIG_UNREADABLE", message: "config.xml is missing" },
  { file: "instance_id", code: "INSTANCE_ID_MISSING", message: "instance_id file missing" },
  { file: "instance.img", code: "INSTANCE_IMAGE_MISSING", message: "instance image missing" },
  { file: "storage.img", code: "STORAGE_IMAGE_MISSING", message: "Storage image missing" },
] as const;

/** Why a VM could not be started, in Java's words where it has some: what it opens has to be there. */
import { describeError, isHarnessError } from "../../base/errors.js";
import { memoryMistake } from "./callers-mistake.js";
import { NullPointerException, SecurityException, VirtualMachineException, isUsageError } from "../errors.js";
import { mainApkPath } from "./run-apks.js";
import type { RunRequest } from "../config/app-config.js";

/** Mistakes of the caller stay as they are; errors of the service get the VM's name. */
export async function explainStart(error: unknown, request: Omit<RunRequest, "scratchPath">): Promise<unknown> {
  // Java comes to the storage that is not there after it has opened the APKs.
  const isOfStorage = error instanceof NullPointerException;
  if (isUsageError(error) && !(error instanceof VirtualMachineException) && !isOfStorage) return error;
  if (isHarnessError(error) && error.code === "VM_PERMISSION") {
    return new SecurityException(error.shortMessage, { cause: error, hint: error.hint });
  }
  const { config, identity } = request;
  // Looked at only now, since it costs a round trip that a run that works has no use for.
  const missing = await missingApk(error, request);
  if (missing) return missing;
  if (error instanceof VirtualMachineException || isOfStorage) return error;
  const message = `failed to start VM "${identity.name}": ${describeError(error)}`;
  const mistake = memoryMistake(config) ?? (await missingImage(request));
  return new VirtualMachineException("START_FAILED", message, {
    ...{ vmName: identity.name, cause: error, hint: mistake },
    ...(mistake === undefined ? {} : { kind: "usage" }),
  });
}

/** Of a VM of its own kernel: paths that the caller has chosen, which are not below our own folders. */
async function missingImage({ identity, config }: Omit<RunRequest, "scratchPath">): Promise<string | undefined> {
  const image = config.getCustomImageConfig();
  if (!image) return undefined;
  const disks = image.getDisks();
  const ofDisks = disks.flatMap((disk) => [
    disk.getImagePath(),
    ...disk.getPartitions().map(({ imagePath }) => imagePath),
  ]);
  const paths = [image.getKernelPath(), image.getBootloaderPath(), image.getInitrdPath(), ...ofDisks];
  const ours = identity.context.dataFolder.slice(0, identity.context.dataFolder.lastIndexOf("/") + 1);
  for (const path of paths) {
    if (path && !path.startsWith(ours) && (await isMissing(identity, path))) return `${path} is not on the device.`;
  }
  return undefined;
}

/** What cannot be looked at counts as there. */
async function isMissing({ context }: RunRequest["identity"], path: string): Promise<boolean> {
  return !(await context.service.files.exists(path).catch(() => true));
}

/** Java opens the VM's own APK first, then the VM's files, then its extra APKs. */
async function missingApk(
  cause: unknown,
  { identity, config }: Omit<RunRequest, "scratchPath">,
): Promise<VirtualMachineException | undefined> {
  const { context, name, extraApks } = identity;
  const missing = (code: string, message: string, path: string): VirtualMachineException =>
    new VirtualMachineException(code, message, { vmName: name, cause, hint: `${path} is not on the device.` });
  if (config.getCustomImageConfig()) return undefined;
  const apkPath = await mainApkPath(context, config).catch(() => undefined);
  if (apkPath !== undefined && (await isMissing(identity, apkPath)))
    return missing("APK_NOT_FOUND", "Failed to open APK", apkPath);
  if (cause instanceof VirtualMachineException && cause.code === "FILES_MISSING") return undefined;
  for (const path of extraApks) {
    if (!(await isMissing(identity, path))) continue;
    return config.fields.payloadConfigPath === undefined
      ? missing("EXTRA_APK_NOT_FOUND", "Failed to open extra APK", path)
      : missing("IDSIG_FAILED", "Failed to generate APK signature", path);
  }
  return undefined;
}

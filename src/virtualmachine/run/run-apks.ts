/** The APKs of a run and their idsig files: where they are on the device, and which of the idsigs are there already. */
import { traitsOf } from "../../base/android-release.js";
import { NullPointerException, VirtualMachineException } from "../errors.js";
import { checkCapabilities } from "../config/capabilities.js";
import { presentFiles } from "../files/require-files.js";
import type { VirtualMachineConfig } from "../config/config.js";
import type { VmContext } from "../context.js";
import type { VmIdentity } from "../files/vm-identity.js";

export interface RunApk {
  readonly apkPath: string;
  readonly idsigPath: string;
  readonly hasIdsig: boolean;
}

export interface RunApks {
  readonly main: RunApk;
  readonly extra: readonly RunApk[];
}

/**
 * Only looks at the device. Undefined for a custom image, which has no APK.
 * @throws UnsupportedOperationException for what the device cannot do; VirtualMachineException for missing packages and for
 * files of the VM that are gone
 */
export async function findRunApks(identity: VmIdentity, config: VirtualMachineConfig): Promise<RunApks | undefined> {
  const { context, folder } = identity;
  await checkCapabilities(context, config);
  if (config.getCustomImageConfig()) return undefined;
  const apkPath = await mainApkPath(context, config);
  const { names, lacking } = await presentFiles(identity);
  if (lacking.length > 0) {
    throw new VirtualMachineException("FILES_MISSING", traitsOf(identity.release).library.filesMissing, {
      vmName: identity.name,
      hint: `${folder.root} has no ${lacking[0]}: somebody removed it. Delete the VM and create it again.`,
    });
  }
  if (config.isEncryptedStorageEnabled() && !identity.hasStorage) {
    throw new NullPointerException("there is no storage.img", {
      hint: "A VM that was made without encrypted storage cannot get one: delete it, and make it with that config.",
    });
  }
  const own = config.fields.idsigPath;
  const look = (path: string, idsigPath: string): RunApk => ({
    ...{ apkPath: path, idsigPath },
    hasIdsig: names.includes(idsigPath.slice(folder.root.length + 1)),
  });
  return {
    main:
      own === undefined
        ? look(apkPath, folder.idsig)
        : { apkPath, idsigPath: own, hasIdsig: await context.service.files.exists(own) },
    extra: identity.extraApks.map((path, index) => look(path, folder.extraIdsig(index))),
  };
}

/** An explicit path; else the base APK of the app, or of the package that the config was built for. */
export async function mainApkPath(context: VmContext, config: VirtualMachineConfig): Promise<string> {
  const { apkPath, packageName } = config.fields;
  if (apkPath !== undefined) return apkPath;
  if (packageName === undefined || packageName === context.packageName) return context.apkPath;
  const resolved = await context.resolvePackage?.(packageName);
  if (resolved === undefined) {
    throw new VirtualMachineException("PACKAGE_NOT_FOUND", "Package not found", {
      hint: `Install ${packageName} on the device.`,
    });
  }
  return resolved;
}

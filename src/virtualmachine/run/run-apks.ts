/** The APKs of a run and their idsig files: where they are on the device, and which of the idsigs are there already. */
import { atOnce } from "../../base/async/at-once.js";
import { VirtualMachineException } from "../errors.js";
import { checkCapabilities } from "../config/capabilities.js";
import { extraApkPaths } from "./extra-apks.js";
import type { VirtualMachineConfig } from "../config/config.js";
import type { VmContext } from "../context.js";
import type { VmFolder } from "../files/vm-folder.js";

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
 * @throws UnsupportedOperationException for what the device cannot do; VirtualMachineException for missing packages
 */
export async function findRunApks(
  context: VmContext,
  folder: VmFolder,
  config: VirtualMachineConfig,
): Promise<RunApks | undefined> {
  await checkCapabilities(context, config);
  if (config.getCustomImageConfig()) return undefined;
  const apkPath = await mainApkPath(context, config);
  const [extra, main] = await atOnce(
    async () => {
      const paths = await extraApkPaths(context, config, apkPath);
      return atOnce<readonly RunApk[]>(
        ...paths.map((path, index) => () => lookAt(context, path, folder.extraIdsig(index))),
      );
    },
    () => lookAt(context, apkPath, config.fields.idsigPath ?? folder.idsig),
  );
  return { main, extra };
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

async function lookAt(context: VmContext, apkPath: string, idsigPath: string): Promise<RunApk> {
  return { apkPath, idsigPath, hasIdsig: await context.service.files.exists(idsigPath) };
}

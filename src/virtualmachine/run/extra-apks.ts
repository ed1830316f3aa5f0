/** APKs that a VM may read besides its own: packages named in the config, or paths in the payload config inside the APK. */
import { VirtualMachineException } from "../errors.js";
import type { VirtualMachineConfig } from "../config/config.js";
import type { VmContext } from "../context.js";

const MAX_CONFIG_BYTES = 1 << 20;

/** Paths on the device, in order. @throws VirtualMachineException when one is not there or the list cannot be read */
export async function extraApkPaths(
  context: VmContext,
  config: VirtualMachineConfig,
  apkPath: string,
): Promise<readonly string[]> {
  const { extraApks, payloadConfigPath } = config.fields;
  if (payloadConfigPath === undefined) {
    return Promise.all(extraApks.map((packageName) => packageApk(context, packageName)));
  }
  const json = await context.readApkEntry?.(apkPath, payloadConfigPath);
  // A config that is not in the APK is for the guest to complain about, as on Android.
  return json === undefined ? [] : parseExtraApks(json);
}

async function packageApk(context: VmContext, packageName: string): Promise<string> {
  const path = packageName === context.packageName ? context.apkPath : await context.resolvePackage?.(packageName);
  if (path === undefined) {
    throw new VirtualMachineException("EXTRA_APK_NOT_FOUND", "Extra APK package not found", {
      hint: `Install ${packageName} on the device.`,
    });
  }
  return path;
}

/** `extra_apks[].path` of a vm_config.json. */
function parseExtraApks(json: Uint8Array): readonly string[] {
  try {
    if (json.length > MAX_CONFIG_BYTES) throw new Error(`the config is ${json.length} bytes long`);
    const parsed: unknown = JSON.parse(new TextDecoder().decode(json));
    const list = isRecord(parsed) ? (parsed["extra_apks"] ?? []) : undefined;
    if (!Array.isArray(list)) throw new Error("extra_apks is not a list");
    return list.map((entry: unknown) => {
      const path = isRecord(entry) ? entry["path"] : undefined;
      if (typeof path !== "string" || !path.startsWith("/")) throw new Error("an entry of extra_apks has no path");
      return path;
    });
  } catch (cause) {
    throw new VirtualMachineException("EXTRA_APKS_INVALID", "Couldn't parse extra apks from the vm config", { cause });
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

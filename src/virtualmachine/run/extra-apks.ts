/** APKs that a VM may read besides its own: packages named in the config, or paths in the payload config inside the APK. */
import { describeError } from "../../base/errors.js";
import { IllegalStateException, NullPointerException, VirtualMachineException } from "../errors.js";
import { JsonReader } from "./json-reader.js";
import { mainApkPath } from "./run-apks.js";
import type { VirtualMachineConfig } from "../config/config.js";
import type { VmContext } from "../context.js";

const MAX_CONFIG_BYTES = 1 << 20;

/**
 * Paths on the device, in order. Looked for when a VM is made, loaded or imported, not when it runs: so a change of its
 * config does not change them. A payload config is read from the app's own APK; where that has none, which Android refuses,
 * from the APK that the VM is to run.
 * @throws what Java throws: VirtualMachineException, IllegalStateException, NullPointerException
 */
export async function findExtraApks(context: VmContext, config: VirtualMachineConfig): Promise<readonly string[]> {
  const { extraApks, payloadConfigPath } = config.fields;
  if (payloadConfigPath === undefined) {
    return Promise.all(extraApks.map((packageName) => packageApk(context, packageName)));
  }
  if (context.readApkEntry === undefined) return [];
  const { readApkEntry } = context;
  const itsApk = await mainApkPath(context, config).catch(() => context.apkPath);
  for (const apk of new Set([context.apkPath, itsApk])) {
    const json = await readApkEntry(apk, payloadConfigPath).catch((cause: unknown) => {
      if (apk === context.apkPath) throw unreadable(cause);
      return undefined;
    });
    if (json !== undefined) return parsed(json, `${payloadConfigPath} of ${apk}`);
  }
  if (!(await context.service.files.exists(context.apkPath))) throw unreadable(undefined, context.apkPath);
  // Java's own class says it, with the name of its parameter.
  const lists = "npx avf apk show FILE.apk lists what it has";
  throw new NullPointerException(`${itsApk} has no ${payloadConfigPath}: ${lists}`);
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

function parsed(json: Uint8Array, where: string): readonly string[] {
  try {
    if (json.length > MAX_CONFIG_BYTES) throw new Error(`the config is ${json.length} bytes long`);
    // What does not begin with a slash is found from Android's working folder, which is the root.
    return readPaths(new TextDecoder().decode(json)).map((path) => (path.startsWith("/") ? path : `/${path}`));
  } catch (cause) {
    if (!(cause instanceof IllegalStateException)) throw unreadable(cause);
    throw new IllegalStateException(cause.shortMessage, {
      hint: `${where}: extra_apks has to be a list of {"path": "/path/on/the/device.apk"}.`,
    });
  }
}

/** `extra_apks[].path` of a vm_config.json. */
function readPaths(text: string): readonly string[] {
  const reader = new JsonReader(text);
  const paths: string[] = [];
  reader.expect("BEGIN_OBJECT");
  while (reader.hasNext()) {
    if (reader.nextName() !== "extra_apks") {
      reader.skipValue();
      continue;
    }
    reader.expect("BEGIN_ARRAY");
    while (reader.hasNext()) {
      reader.expect("BEGIN_OBJECT");
      if (reader.nextName() === "path") paths.push(reader.nextString());
      else reader.skipValue();
      reader.expect("END_OBJECT");
    }
    reader.expect("END_ARRAY");
  }
  reader.expect("END_OBJECT");
  return paths;
}

function unreadable(cause: unknown, apkPath?: string): VirtualMachineException {
  const hint = apkPath === undefined ? describeError(cause) : `${apkPath} is not on the device.`;
  const message = "Couldn't parse extra apks from the vm config";
  return new VirtualMachineException("EXTRA_APKS_INVALID", message, { cause, hint });
}

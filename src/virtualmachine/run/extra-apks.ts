/** APKs that a VM may read besides its own: packages named in the config, or paths in the payload config inside the APK. */
import { traitsOf, type AndroidRelease } from "../../base/android-release.js";
import { describeError } from "../../base/errors.js";
import {
  IllegalStateException,
  NullPointerException,
  UnsupportedOperationException,
  VirtualMachineException,
} from "../errors.js";
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
export async function findExtraApks(
  context: VmContext,
  config: VirtualMachineConfig,
  release: AndroidRelease,
): Promise<readonly string[]> {
  const { extraApks, payloadConfigPath } = config.fields;
  if (payloadConfigPath === undefined) {
    return Promise.all(extraApks.map((packageName) => packageApk(context, packageName)));
  }
  const found = await payloadConfig(context, config, payloadConfigPath, unreadable);
  if (found === undefined) return [];
  const paths = parsed(found, unreadable, readPaths);
  if (traitsOf(release).library.readsTenants) parsed(found, noTenants, refuseTenants);
  // What does not begin with a slash is found from Android's working folder, which is the root.
  return paths.map((path) => (path.startsWith("/") ? path : `/${path}`));
}

/**
 * What a release that has tenants reads of another payload config when `setConfig` has written it; the object keeps the old
 * config when this fails, and the file the new. Extra APKs stay as they are.
 * @throws VirtualMachineException, IllegalStateException; UnsupportedOperationException for one that has tenants
 */
export async function checkTenants(
  context: VmContext,
  release: AndroidRelease,
  config: VirtualMachineConfig,
  old: VirtualMachineConfig,
): Promise<void> {
  const { payloadConfigPath } = config.fields;
  if (!traitsOf(release).library.readsTenants) return;
  if (payloadConfigPath === undefined || payloadConfigPath === old.fields.payloadConfigPath) return;
  const found = await payloadConfig(context, config, payloadConfigPath, noTenants);
  if (found !== undefined) parsed(found, noTenants, refuseTenants);
}

interface Found {
  readonly json: Uint8Array;
  readonly where: string;
}
type Unreadable = (cause: unknown, apkPath?: string) => VirtualMachineException;

async function payloadConfig(
  context: VmContext,
  config: VirtualMachineConfig,
  payloadConfigPath: string,
  failed: Unreadable,
): Promise<Found | undefined> {
  if (context.readApkEntry === undefined) return undefined;
  const { readApkEntry } = context;
  const itsApk = await mainApkPath(context, config).catch(() => context.apkPath);
  for (const apk of new Set([context.apkPath, itsApk])) {
    const json = await readApkEntry(apk, payloadConfigPath).catch((cause: unknown) => {
      if (apk === context.apkPath) throw failed(cause);
      return undefined;
    });
    if (json !== undefined) return { json, where: `${payloadConfigPath} of ${apk}` };
  }
  if (!(await context.service.files.exists(context.apkPath))) throw failed(undefined, context.apkPath);
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

function parsed<T>({ json, where }: Found, failed: Unreadable, read: (reader: JsonReader) => T): T {
  try {
    if (json.length > MAX_CONFIG_BYTES) throw new Error(`the config is ${json.length} bytes long`);
    return read(new JsonReader(new TextDecoder().decode(json)));
  } catch (cause) {
    if (cause instanceof UnsupportedOperationException) throw cause;
    if (!(cause instanceof IllegalStateException)) throw failed(cause);
    throw new IllegalStateException(cause.shortMessage, {
      hint: `${where}: extra_apks has to be a list of {"path": "/path/on/the/device.apk"}, tenants a list of objects.`,
    });
  }
}

/** `extra_apks[].path` of a vm_config.json. */
function readPaths(reader: JsonReader): readonly string[] {
  const paths: string[] = [];
  readList(reader, "extra_apks", () => {
    reader.expect("BEGIN_OBJECT");
    if (reader.nextName() === "path") paths.push(reader.nextString());
    else reader.skipValue();
    reader.expect("END_OBJECT");
  });
  return paths;
}

/** Apps whose APKs a VM of 17 runs too. */
function refuseTenants(reader: JsonReader): void {
  readList(reader, "tenants", () => {
    throw new UnsupportedOperationException("Tenants of a VM are not supported: the `vm` tool of a device has none.");
  });
}

/** The whole document, in which each list of that name is read item by item. */
function readList(reader: JsonReader, name: string, readItem: () => void): void {
  reader.expect("BEGIN_OBJECT");
  while (reader.hasNext()) {
    if (reader.nextName() !== name) {
      reader.skipValue();
      continue;
    }
    reader.expect("BEGIN_ARRAY");
    while (reader.hasNext()) readItem();
    reader.expect("END_ARRAY");
  }
  reader.expect("END_OBJECT");
}

const unreadable: Unreadable = (cause, apkPath) => notParsed("extra", cause, apkPath);
const noTenants: Unreadable = (cause, apkPath) => notParsed("tenant", cause, apkPath);

function notParsed(which: "extra" | "tenant", cause: unknown, apkPath?: string): VirtualMachineException {
  const hint = apkPath === undefined ? describeError(cause) : `${apkPath} is not on the device.`;
  const message = `Couldn't parse ${which} apks from the vm config`;
  return new VirtualMachineException("EXTRA_APKS_INVALID", message, { cause, hint });
}

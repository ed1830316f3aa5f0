/** Puts one APK and its idsig on a device, unless they are there already. */
import { InfrastructureError } from "../base/errors.js";
import type { Device, DeviceCallOptions } from "../device/contract.js";
import type { HostApk } from "./host-apk.js";
import type { Undo } from "./undo/undo.js";

/** Where the samples and tests of AVF keep idsig files (AOSP MicrodroidTestCase.java). */
export const IDSIG_FOLDER = "/data/local/tmp/virt";
/** VM folders of harness and tests: a shell may write nowhere else on a phone. */
export const DATA_ROOT = "/data/local/tmp/avf";

const VM_TOOL = "/apex/com.android.virt/bin/vm";
const IDSIG_TIMEOUT_MS = 180_000;

export interface ProvisionedApp {
  readonly packageName: string;
  /** Base APK on the device. */
  readonly apkPath: string;
  readonly idsigPath: string;
  /** Folder on the device for the app's VMs; made when the first VM is. */
  readonly dataFolder: string;
  /** False when the device had these very bytes already. */
  readonly installed: boolean;
}

export async function installApp(
  device: Device,
  apk: HostApk,
  undo: Undo,
  call: DeviceCallOptions,
): Promise<ProvisionedApp> {
  const idsigPath = `${IDSIG_FOLDER}/${apk.fileName}.idsig`;
  const before = await device.packagePath(apk.packageName, call);
  const digests = await readDigests(device, before === undefined ? [idsigPath] : [before, idsigPath], call);
  const dataFolder = `${DATA_ROOT}/${apk.packageName}`;
  await removeIfMade(device, [DATA_ROOT, IDSIG_FOLDER], undo, call);
  const same = before !== undefined && digests.get(before) === apk.sha256;
  // A package that was there before us, in whatever version, is not ours to remove.
  const uninstall = { kind: "uninstall", packageName: apk.packageName, sha256: apk.sha256 } as const;
  if (before === undefined) undo.add(uninstall);
  if (!same) await device.installApk(apk.path, call);
  const apkPath = same ? before : await device.packagePath(apk.packageName, call);
  if (apkPath === undefined) {
    throw new InfrastructureError(
      "INSTALL_LOST",
      `${device.serial} installed ${apk.path}, but knows no ${apk.packageName}.`,
      {
        hint: `see: adb -s ${device.serial} shell pm list packages`,
      },
    );
  }
  if (before === undefined) undo.replace(uninstall, { ...uninstall, apkPath });
  const removal = { kind: "remove-file", path: idsigPath } as const;
  if (!digests.has(idsigPath)) undo.add(removal);
  await putIdsig(device, apk, apkPath, idsigPath, digests.get(idsigPath), call);
  if (!digests.has(idsigPath)) {
    const sha256 = apk.idsig?.sha256 ?? (await readDigests(device, [idsigPath], call)).get(idsigPath);
    if (sha256 !== undefined) undo.replace(removal, { ...removal, sha256 });
  }
  // Also one that is empty stays when it was there before.
  await removeIfMade(device, [`${dataFolder}/vm`, dataFolder], undo, call);
  return { packageName: apk.packageName, apkPath, idsigPath, dataFolder, installed: !same };
}

/**
 * What is there before stays; one that came into being with us goes when nothing is left in it.
 * @param begun when `undo` takes steps; meanwhile the device is looked at
 */
export async function removeIfMade(
  device: Device,
  folders: readonly string[],
  undo: Undo,
  call: DeviceCallOptions,
  begun: Promise<void> = Promise.resolve(),
): Promise<void> {
  const { stdout } = await device.execUnchecked(["ls", "-d", ...folders], call);
  await begun;
  const there = stdout.split("\n").map((line) => line.trim());
  const made = folders.filter((folder) => !there.includes(folder));
  if (made.length > 0) undo.add({ kind: "remove-empty-folders", paths: made });
}

async function putIdsig(
  device: Device,
  apk: HostApk,
  apkPath: string,
  idsigPath: string,
  digestThere: string | undefined,
  call: DeviceCallOptions,
): Promise<void> {
  if (apk.idsig) {
    if (digestThere !== apk.idsig.sha256) await device.push(apk.idsig.path, idsigPath, call);
    return;
  }
  await device.exec(["mkdir", "-p", IDSIG_FOLDER], call);
  await device.exec([VM_TOOL, "create-idsig", apkPath, idsigPath], { timeoutMs: IDSIG_TIMEOUT_MS, ...call });
}

/** SHA-256 by path; a file that is not there, or not for us to read, is left out. */
async function readDigests(
  device: Device,
  paths: readonly string[],
  call: DeviceCallOptions,
): Promise<ReadonlyMap<string, string>> {
  const result = await device.execUnchecked(["sha256sum", ...paths], call);
  const lines = result.stdout.matchAll(/^([0-9a-f]{64}) [ *](.+?)\r?$/gm);
  return new Map([...lines].map(([, digest = "", path = ""]) => [path, digest]));
}

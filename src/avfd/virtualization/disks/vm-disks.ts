/** The disks of a VM: the files it was given, the guest's system, and the guest's own metadata. */
import { chownSync, fstatSync, mkdirSync, writeFileSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { kernelRandomBytes } from "../../kernel-random.js";
import type { AndroidRelease } from "../../../base/android-release.js";
import { guestDisks } from "../channels/guest-boot.js";
import { metadataDisk } from "./metadata-disk.js";
import type { AppVmConfig } from "../vm-config.js";
import type { DiskContext, VmDisks } from "../vm-plan.js";

interface VmDisksOptions extends DiskContext {
  readonly config: AppVmConfig;
  readonly systemImage: string;
  readonly release: AndroidRelease;
  readonly deviceSecret: Buffer;
}

/**
 * Small files are written and looked at without leaving the thread: where the device is emulated, each way through Node's
 * pool takes longer than all that the kernel has to do. When it throws, the folder may be there, and no file is open.
 */
export async function makeVmDisks(options: VmDisksOptions): Promise<VmDisks> {
  const { config, requester, folder, systemImage } = options;
  mkdirSync(folder, { recursive: true, mode: 0o770 });
  chownSync(folder, requester.uid, requester.gid);
  const metadataPath = join(folder, "metadata");
  writeFileSync(metadataPath, describeForGuest(options), { mode: 0o600 });
  const metadata = await open(metadataPath, "r");
  let system: FileHandle;
  try {
    system = await open(systemImage, "r");
  } catch (error) {
    await metadata.close();
    throw error;
  }
  return {
    disks: guestDisks(config, { metadata, system }),
    close: async () => {
      await metadata.close();
      await system.close();
    },
  };
}

function describeForGuest({ config, release, deviceSecret }: VmDisksOptions): Buffer {
  return metadataDisk({
    name: config.name,
    release,
    payload: config.payload,
    apkBytes: sizeOf(config.apk),
    idsigBytes: sizeOf(config.idsig),
    extraApks: config.extraApks.map(({ apk, idsig }) => ({ apkBytes: sizeOf(apk), idsigBytes: sizeOf(idsig) })),
    epochSeconds: Math.floor(Date.now() / 1000),
    entropy: kernelRandomBytes(32),
    deviceSecret,
    instanceId: config.instanceId,
  });
}

function sizeOf(file: FileHandle): number {
  return fstatSync(file.fd).size;
}

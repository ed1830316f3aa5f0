/** The files of an app VM, opened and where needed made, in the order and with the errors of `vm run-app`. */
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { fileHandleSource, openZip, parsePayloadConfig } from "../../../apk/index.js";
import { CallerFileError, type Caller } from "../../caller.js";
import type { Device } from "../../device.js";
import { INSTANCE_IMAGE_BYTES, type PartitionType } from "../../virtualization/writable-partition.js";
import { writeIdsigFile } from "./create-idsig.js";
import { createPartitionFile } from "./create-partition.js";
import { readOrMakeInstanceId } from "./instance-id.js";
import { debugString, ToolError, withContext } from "./rust-text.js";

export interface AppFilesRequest {
  readonly apk: string;
  readonly idsig: string;
  readonly instance: string;
  readonly instanceId: string | undefined;
  readonly storage: { readonly path: string; readonly sizeBytes: number } | undefined;
  readonly configPath: string | undefined;
  readonly extraApks: readonly string[];
  readonly extraIdsigs: readonly string[];
}

export interface AppFiles {
  readonly apk: FileHandle;
  readonly idsig: FileHandle;
  readonly instanceImage: FileHandle;
  readonly instanceId: Buffer | undefined;
  readonly encryptedStorage: FileHandle | undefined;
  readonly extraApks: readonly { readonly apk: FileHandle; readonly idsig: FileHandle }[];
}

const ENOENT = 2;
const MAX_CONFIG_BYTES = 1 << 20;

/** When it throws, no file stays open; idsig, instance and storage images that were made stay, as on Android. */
export async function openAppFiles(device: Device, caller: Caller, request: AppFilesRequest): Promise<AppFiles> {
  const opened: FileHandle[] = [];
  const keep = async (opening: Promise<FileHandle>): Promise<FileHandle> => {
    const file = await opening;
    opened.push(file);
    return file;
  };
  const openForReading = (path: string, context: string): Promise<FileHandle> =>
    keep(withContext(context, () => caller.open(path, constants.O_RDONLY)));
  try {
    const apk = await openForReading(request.apk, "Failed to open APK file");
    const extraPaths = await listExtraApks(device, apk, request);
    const extraApks = [];
    for (const [index, idsigPath] of request.extraIdsigs.entries()) {
      const extra = await openForReading(
        extraPaths[index] ?? "",
        `Failed to open ${debugString(extraPaths[index] ?? "")}`,
      );
      await writeIdsigFile(device, caller, extra, idsigPath);
      extraApks.push({ apk: extra, idsig: await openForReading(idsigPath, "Failed to open idsig file") });
    }
    await writeIdsigFile(device, caller, apk, request.idsig);
    const idsig = await openForReading(request.idsig, "Failed to open idsig file");
    const image = async (path: string, sizeBytes: number, type: PartitionType): Promise<FileHandle> =>
      keep(openOrCreatePartition(device, caller, path, sizeBytes, type));
    const instanceImage = await image(request.instance, INSTANCE_IMAGE_BYTES, "instance");
    const instanceId =
      request.instanceId === undefined ? undefined : await readOrMakeInstanceId(caller, request.instanceId);
    const { storage } = request;
    const encryptedStorage = storage && (await image(storage.path, storage.sizeBytes, "encryptedstore"));
    return { apk, idsig, instanceImage, instanceId, encryptedStorage, extraApks };
  } catch (error) {
    for (const file of opened) await file.close();
    throw error;
  }
}

/** Named by the config inside the APK, or by the caller; as many as there are idsig files for them. */
async function listExtraApks(device: Device, apk: FileHandle, request: AppFilesRequest): Promise<readonly string[]> {
  const { configPath, extraIdsigs } = request;
  let paths = request.extraApks;
  if (configPath !== undefined) {
    paths = await withContext(`Failed to read ${debugString(configPath)} of the APK`, async () => {
      const zip = await openZip(await fileHandleSource(apk));
      const json = await zip.read(configPath, { maxBytes: MAX_CONFIG_BYTES });
      return parsePayloadConfig(json, { dialect: device.identity.release, name: configPath }).extraApks;
    });
  }
  if (paths.length === extraIdsigs.length) return paths;
  throw new ToolError(`Found ${paths.length} extra apks, but there are ${extraIdsigs.length} extra idsigs`);
}

async function openOrCreatePartition(
  device: Device,
  caller: Caller,
  path: string,
  sizeBytes: number,
  type: PartitionType,
): Promise<FileHandle> {
  const open = (): Promise<FileHandle> => caller.open(path, constants.O_RDWR);
  return withContext(`Failed to open ${debugString(path)}`, async () => {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof CallerFileError) || error.errno !== ENOENT) throw error;
    }
    await createPartitionFile(device, caller, path, sizeBytes, type);
    return open();
  });
}

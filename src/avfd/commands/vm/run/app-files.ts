/** The files of an app VM, opened and where needed made, in the order and with the errors of `vm run-app`. */
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { atOnce } from "../../../../base/async/at-once.js";
import { openIfThere, type Caller } from "../../../caller.js";
import type { Device } from "../../../device.js";
import {
  growStorage,
  INSTANCE_IMAGE_BYTES,
  type PartitionType,
} from "../../../virtualization/disks/writable-partition.js";
import { writeIdsigFile } from "../create-idsig.js";
import { createPartitionFile } from "../create-partition.js";
import { openInstanceId, readOrMakeInstanceId } from "../instance-id.js";
import { debugString, ToolError, withContext } from "../rust-text.js";

interface AppFilesRequest {
  readonly apk: string;
  /** What the tool says of an APK that it cannot open; release 13 says nothing itself. */
  readonly apkWords: string | undefined;
  readonly idsig: string;
  readonly instance: string;
  readonly instanceId: string | undefined;
  readonly storage: { readonly path: string; readonly sizeBytes: number } | undefined;
  /** Whether storage that is there already is grown to that size; it never shrinks. */
  readonly growsStorage: boolean;
  readonly configPath: string | undefined;
  readonly extraApks: readonly string[];
  readonly extraIdsigs: readonly string[];
}

interface AppFiles {
  readonly apk: FileHandle;
  readonly idsig: FileHandle;
  readonly instanceImage: FileHandle;
  readonly instanceId: Buffer | undefined;
  readonly encryptedStorage: FileHandle | undefined;
  readonly extraApks: readonly { readonly apk: FileHandle; readonly idsig: FileHandle }[];
}

/**
 * Each question is a round trip to the caller, so what should be there is asked for at once; what is made, and what fails,
 * keeps its order. When it throws, no file stays open; idsig, instance and storage images that were made stay, as on Android.
 */
export async function openAppFiles(device: Device, caller: Caller, request: AppFilesRequest): Promise<AppFiles> {
  const { instance, instanceId: idPath, storage } = request;
  const opened: Promise<FileHandle | undefined>[] = [];
  const keep = <T extends FileHandle | undefined>(opening: Promise<T>): Promise<T> => {
    opening.catch(() => undefined);
    opened.push(opening);
    return opening;
  };
  const openForReading = (path: string, context: string): Promise<FileHandle> =>
    keep(withContext(context, () => caller.open(path, constants.O_RDONLY)));
  const makeIdsig = async (apk: FileHandle, path: string): Promise<FileHandle> => {
    const [, idsig] = await atOnce(
      () => writeIdsigFile(device, caller, apk, path, { open: "Failed to create idsig file" }),
      () => openForReading(path, "Failed to open idsig file"),
    );
    return idsig;
  };
  const findImage = (path: string): Promise<FileHandle | undefined> =>
    keep(openIfThere(caller, path, constants.O_RDWR));
  try {
    const apkOpening =
      request.apkWords === undefined
        ? keep(caller.open(request.apk, constants.O_RDONLY))
        : openForReading(request.apk, request.apkWords);
    const instanceOpening = findImage(instance);
    const idOpening = idPath === undefined ? undefined : keep(openInstanceId(caller, idPath));
    const storageOpening = storage && findImage(storage.path);

    const apk = await apkOpening;
    const extraPaths = await listExtraApks(device, apk, request);
    const extraApks = [];
    // Android's tool has no words of its own for these.
    for (const [index, idsigPath] of request.extraIdsigs.entries()) {
      const extra = await keep(caller.open(extraPaths[index] ?? "", constants.O_RDONLY));
      await writeIdsigFile(device, caller, extra, idsigPath);
      extraApks.push({ apk: extra, idsig: await keep(caller.open(idsigPath, constants.O_RDONLY)) });
    }
    const idsig = await makeIdsig(apk, request.idsig);
    const instanceImage = await keep(
      foundOrMade(device, caller, instanceOpening, instance, INSTANCE_IMAGE_BYTES, "instance"),
    );
    const instanceId =
      idPath !== undefined && idOpening ? await readOrMakeInstanceId(caller, idPath, idOpening) : undefined;
    const encryptedStorage =
      storage &&
      storageOpening &&
      (await keep(foundOrMade(device, caller, storageOpening, storage.path, storage.sizeBytes, "encryptedstore")));
    if (encryptedStorage !== undefined && storage && request.growsStorage) {
      await growStorage(encryptedStorage, storage.sizeBytes);
    }
    return { apk, idsig, instanceImage, instanceId, encryptedStorage, extraApks };
  } catch (error) {
    for (const opening of opened) {
      await opening.then(
        (file) => file?.close(),
        () => undefined,
      );
    }
    throw error;
  }
}

export async function closeAppFiles(files: AppFiles): Promise<void> {
  const extra = files.extraApks.flatMap((one) => [one.apk, one.idsig]);
  for (const file of [files.apk, files.idsig, files.instanceImage, files.encryptedStorage, ...extra]) {
    await file?.close().catch(() => undefined);
  }
}

/** Named by the config inside the APK, or by the caller; as many as there are idsig files for them. */
async function listExtraApks(device: Device, apk: FileHandle, request: AppFilesRequest): Promise<readonly string[]> {
  const { configPath, extraIdsigs } = request;
  const paths =
    configPath === undefined
      ? request.extraApks
      : await device.knownApks.extraApks(apk, configPath, device.identity.release).catch(asTheToolSays);
  if (paths.length === extraIdsigs.length) return paths;
  throw new ToolError(`Found ${paths.length} extra apks, but there are ${extraIdsigs.length} extra idsigs`);
}

/** Of the crate that reads the archive; what is wrong with a config is in our own words. */
function asTheToolSays(error: unknown): never {
  if (error instanceof Error && "code" in error && error.code === "ENTRY_NOT_FOUND") {
    throw new ToolError("specified file not found in archive");
  }
  throw error;
}

/** @param opening of the file at that path; undefined: it was missing, which may have changed since */
async function foundOrMade(
  device: Device,
  caller: Caller,
  opening: Promise<FileHandle | undefined>,
  path: string,
  sizeBytes: number,
  type: PartitionType,
): Promise<FileHandle> {
  const words = `Failed to open ${debugString(path)}`;
  const found = await withContext(
    words,
    async () => (await opening) ?? (await openIfThere(caller, path, constants.O_RDWR)),
  );
  if (found !== undefined) return found;
  await createPartitionFile(device, caller, path, sizeBytes, type);
  return withContext(words, () => caller.open(path, constants.O_RDWR));
}

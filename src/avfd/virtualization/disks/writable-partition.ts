/** Images that a VM writes to, as `initializeWritablePartition` makes them (AOSP virtualizationmanager/src/aidl.rs). */
import type { FileHandle } from "node:fs/promises";
import { ServiceError } from "../service-error.js";

export type PartitionType = "raw" | "instance" | "encryptedstore";

export const INSTANCE_IMAGE_BYTES = 10 * 1024 * 1024;
const PARTITION_GRANULARITY_BYTES = 4096;
const INSTANCE_MAGIC = "Android-VM-instance";
const INSTANCE_VERSION = 1;
const HEADER_BYTES = 512;
const UNFORMATTED_STORAGE = "UNFORMATTED-STORAGE";

/** Empties the file, extends it to the size rounded up to 4096 (sparse), writes the header of its type. */
export async function initializeWritablePartition(
  file: FileHandle,
  sizeBytes: number,
  type: PartitionType,
): Promise<void> {
  await file.truncate(0);
  await file.truncate(Math.ceil(sizeBytes / PARTITION_GRANULARITY_BYTES) * PARTITION_GRANULARITY_BYTES);
  const header = partitionHeader(type);
  if (header.length > 0) await file.write(header, 0, header.length, 0);
  await file.sync();
}

/** Extends the file to the size rounded up to 4096, as `setEncryptedStorageSize` of Android 16. Throws `ServiceError`. */
export async function growStorage(file: FileHandle, sizeBytes: number): Promise<void> {
  const wanted = Math.ceil(sizeBytes / PARTITION_GRANULARITY_BYTES) * PARTITION_GRANULARITY_BYTES;
  const { size } = await file.stat();
  if (size > wanted) throw new ServiceError("EX_ILLEGAL_ARGUMENT", "Can't shrink encrypted storage");
  if (size === wanted) return;
  await file.truncate(wanted);
  await file.sync();
}

export function partitionHeader(type: PartitionType): Buffer {
  switch (type) {
    case "raw":
      return Buffer.alloc(0);
    case "instance": {
      const header = Buffer.alloc(HEADER_BYTES);
      const end = header.write(INSTANCE_MAGIC, "latin1");
      header.writeUInt16LE(INSTANCE_VERSION, end);
      return header;
    }
    case "encryptedstore":
      return Buffer.from(UNFORMATTED_STORAGE, "latin1");
  }
}

/** `vm create-partition PATH SIZE [-t raw|instance]`. */
import { constants } from "node:fs";
import type { Caller } from "../../caller.js";
import type { Device } from "../../device.js";
import { VM_PERMISSIONS } from "../../packages/package-record.js";
import { describeSystemError } from "../../errno.js";
import { ServiceError } from "../../virtualization/service-error.js";
import { requirePermission } from "../../virtualization/access-checks.js";
import { initializeWritablePartition, type PartitionType } from "../../virtualization/disks/writable-partition.js";
import type { ParsedArguments } from "./command-line/arguments.js";
import { debugString, ToolError, withContext } from "./rust-text.js";

const MAX_I64 = 2n ** 63n - 1n;

/** As Rust's `{:?}` prints the service's enum. */
const TYPES: Readonly<Record<PartitionType, string>> = {
  raw: "PartitionType(0)",
  instance: "PartitionType(1)",
  encryptedstore: "PartitionType(2)",
};

export async function createPartition(device: Device, caller: Caller, args: ParsedArguments): Promise<number> {
  const [path = "", size = "0"] = args.positionals;
  const type: PartitionType = args.value("type") === "instance" ? "instance" : "raw";
  await createPartitionFile(device, caller, path, BigInt(size), type);
  return 0;
}

/** The path must be free. Throws `ToolError`. */
export async function createPartitionFile(
  { packages }: Device,
  caller: Caller,
  path: string,
  sizeBytes: number | bigint,
  type: PartitionType,
): Promise<void> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
  const file = await withContext(`Failed to create ${debugString(path)}`, () => caller.open(path, flags));
  try {
    if (sizeBytes > MAX_I64) throw new ToolError("out of range integral type conversion attempted");
    await withContext(`Failed to initialize partition type: ${TYPES[type]}, size: ${sizeBytes}`, async () => {
      requirePermission(packages, caller.uid, VM_PERMISSIONS.manage);
      // Beyond what any file system holds.
      const bytes = Number(sizeBytes);
      if (!Number.isSafeInteger(bytes)) throw notExtended("File too large (os error 27)");
      await initializeWritablePartition(file, bytes, type).catch((error: unknown) => {
        throw notExtended(describeSystemError(error));
      });
    });
  } finally {
    await file.close();
  }
}

function notExtended(why: string): ServiceError {
  return new ServiceError("EX_SERVICE_SPECIFIC", `Failed to extend file\n\nCaused by:\n    ${why}`);
}

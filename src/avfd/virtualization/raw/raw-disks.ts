/** The disks of a raw config, in its order: images as they are. */
import { chownSync, mkdirSync } from "node:fs";
import type { VmmDisk } from "../../vmm/contract.js";
import type { DiskContext, VmDisks } from "../vm-plan.js";
import { ServiceError } from "../service-error.js";
import type { RawDisk } from "./raw-vm-config.js";

export async function makeRawDisks(disks: readonly RawDisk[], { folder, requester }: DiskContext): Promise<VmDisks> {
  mkdirSync(folder, { recursive: true, mode: 0o770 });
  chownSync(folder, requester.uid, requester.gid);
  return { disks: disks.map(makeRawDisk), close: async () => undefined };
}

function makeRawDisk(disk: RawDisk): VmmDisk {
  if ("image" in disk) return { serial: undefined, file: disk.image.file, writable: disk.writable };
  throw new ServiceError("EX_UNSUPPORTED_OPERATION", "Disks of partitions are not supported on this device");
}

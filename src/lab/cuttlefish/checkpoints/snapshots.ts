/** Snapshots of devices that were made for us. The orchestrator keeps them by id, whatever becomes of the device. */
import { randomBytes } from "node:crypto";
import type { Orchestrator, Wait } from "../api/orchestrator.js";

const ID = /^avf_[0-9a-f]{16}$/;

export function newSnapshotId(): string {
  return `avf_${randomBytes(8).toString("hex")}`;
}

export function isSnapshotId(value: unknown): value is string {
  return typeof value === "string" && ID.test(value);
}

/** One that is not there is fine. */
export async function removeSnapshot(orchestrator: Orchestrator, id: string, wait: Wait): Promise<void> {
  await orchestrator.operate("DELETE", `snapshots/${id}`, undefined, wait);
}

/** QEMU's migration, by which the state of a machine is written, read, and handed from one process to another. */
import { InfrastructureError } from "../../base/errors.js";
import type { QmpClient } from "./qmp.js";

/** Memory that is a shared mapping of a file stays there. Both ends of a migration must agree on it. */
export async function ignoreSharedMemory(qmp: QmpClient, ignore = true): Promise<void> {
  await qmp.command("migrate-set-capabilities", { capabilities: [{ capability: "x-ignore-shared", state: ignore }] });
}

/** For the side that sends. */
export async function untilMigrated(qmp: QmpClient, signal: AbortSignal): Promise<void> {
  await qmp.pollUntil("query-migrate", migrationCompleted, signal);
}

/** For the side that receives, once it was told from where. */
export async function untilLoaded(qmp: QmpClient, signal: AbortSignal): Promise<void> {
  await qmp.pollUntil("query-status", (answer) => (answer as { status?: string }).status !== "inmigrate", signal);
}

function migrationCompleted(answer: unknown): boolean {
  const { status, "error-desc": reason } = answer as { status?: string; "error-desc"?: string };
  if (status === "failed" || status === "cancelled") {
    throw new InfrastructureError("STATE_NOT_SAVED", `QEMU could not save its state: ${reason ?? status}.`);
  }
  return status === "completed";
}

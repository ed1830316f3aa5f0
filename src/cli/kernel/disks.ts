/** `--disk F[:rw]`: a file as a disk of the VM; what the VM wrote to a writable one is in the file afterwards. */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Device } from "../../device/index.js";
import type { VirtualMachine } from "../../virtualmachine/index.js";

interface DiskOption {
  readonly file: string;
  readonly writable: boolean;
}

const PULL_TIMEOUT_MS = 10 * 60_000;

/** A file whose very name ends in `:rw` is that file. */
export async function parseDisk(text: string): Promise<DiskOption> {
  const [, file = text, way] = /^(.+):(rw|ro)$/.exec(text) ?? [];
  if (way === undefined || existsSync(text)) return { file: resolve(text), writable: false };
  return { file: resolve(file), writable: way === "rw" };
}

/**
 * Each takes the place of its file whole, or not at all.
 * @param before disks of the VM that come before these
 */
export async function pullDisks(
  device: Device,
  vm: VirtualMachine,
  disks: readonly DiskOption[],
  before: number,
): Promise<void> {
  const made = vm.getConfig().getCustomImageConfig()?.getDisks() ?? [];
  for (const [at, { file, writable }] of disks.entries()) {
    const path = made[before + at]?.getImagePath();
    if (!writable || typeof path !== "string") continue;
    await device.pull(path, file, { timeoutMs: PULL_TIMEOUT_MS, maxBytes: (await stat(file)).size });
  }
}

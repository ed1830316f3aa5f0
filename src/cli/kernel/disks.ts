/** `--disk F[:rw]`: a file as a disk of the VM; what the VM wrote to a writable one is in the file afterwards. */
import { existsSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { UsageError } from "../../base/errors.js";
import type { Device } from "../../device/index.js";
import type { VirtualMachine } from "../../virtualmachine/index.js";

interface DiskOption {
  readonly file: string;
  readonly writable: boolean;
}

const PULL_TIMEOUT_MS = 10 * 60_000;

/** @throws UsageError for a file that a VM would write to and have twice: one copy would be lost */
export async function parseDisks(texts: readonly string[]): Promise<readonly DiskOption[]> {
  const disks = await Promise.all(texts.map(parseDisk));
  const files = await Promise.all(disks.map(({ file }) => realpath(file).catch(() => file)));
  for (const [at, { file, writable }] of disks.entries()) {
    if (!writable || files.indexOf(files[at] ?? file) === files.lastIndexOf(files[at] ?? file)) continue;
    throw new UsageError("BAD_ARGUMENTS", `--disk names ${file} twice, and with :rw at least once.`, {
      hint: "each disk of a VM is a copy, and only one of them could be in the file afterwards",
    });
  }
  return disks;
}

/** A file whose very name ends in `:rw` is that file. */
async function parseDisk(text: string): Promise<DiskOption> {
  const [, file = text, way] = /^(.+):(rw|ro)$/s.exec(text) ?? [];
  if (way === undefined || existsSync(text)) return { file: resolve(text), writable: false };
  return { file: resolve(file), writable: way === "rw" };
}

/**
 * Each takes the place of its file whole, or not at all.
 * @param before disks of the VM that come before these
 */
export async function pullDisks(
  device: Pick<Device, "pull">,
  vm: Pick<VirtualMachine, "getConfig">,
  disks: readonly DiskOption[],
  { before, signal }: { readonly before: number; readonly signal: AbortSignal },
): Promise<void> {
  const made = vm.getConfig().getCustomImageConfig()?.getDisks() ?? [];
  for (const [at, { file, writable }] of disks.entries()) {
    const path = made[before + at]?.getImagePath();
    if (!writable || typeof path !== "string") continue;
    const { size: maxBytes } = await stat(file);
    await device.pull(path, file, { timeoutMs: PULL_TIMEOUT_MS, maxBytes, signal });
  }
}

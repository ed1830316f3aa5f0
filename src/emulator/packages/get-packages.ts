/** The packages of the device, with what the host needs to unpack them. */
import type { Progress } from "../../base/progress.js";
import { ensureHostTools } from "../host/tools.js";
import { requireSpace } from "../needs/space.js";
import { DEVICE_PACKAGES } from "./sets.js";
import { ensureUnpacked, isUnpacked } from "./unpack.js";

export async function getPackages(cache: string, progress: Progress, signal: AbortSignal | undefined): Promise<void> {
  if (await isUnpacked(cache, DEVICE_PACKAGES)) return;
  await ensureHostTools("debian", progress, signal);
  await requireSpace(cache);
  progress.step(`Downloading Debian's packages of the ${DEVICE_PACKAGES.title}`);
  await ensureUnpacked(cache, DEVICE_PACKAGES, progress, signal);
}

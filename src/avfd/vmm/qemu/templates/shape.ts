/** What VMs must have in common to be copies of one template. */
import { createHash } from "node:crypto";
import type { VmmConfig } from "../../contract.js";

const TEMPLATE_PARAMETER = "avf.template=1";

export interface Shape {
  /** Names the template. */
  readonly key: string;
  /** Of a VM of this shape, which waits where it may be copied. */
  readonly config: VmmConfig;
  /** Of each disk in turn. */
  readonly diskBytes: readonly number[];
}

/**
 * All that a guest has seen when it is copied and does not see again: of its disks which there are, but neither how large
 * they are nor what is on them.
 */
export async function shapeOf(config: VmmConfig): Promise<Shape> {
  const kernelParams = [...config.kernelParams, TEMPLATE_PARAMETER];
  const { kernelPath, initrdPath, memoryMib, cpuCount } = config;
  const diskBytes = await Promise.all(config.disks.map(async ({ file }) => (await file.stat()).size));
  const disks = config.disks.map(({ serial, writable }) => [serial, writable]);
  const seen = { kernelPath, initrdPath, kernelParams, memoryMib, cpuCount, disks };
  const key = createHash("sha256").update(JSON.stringify(seen)).digest("hex").slice(0, 16);
  return { key, config: { ...config, kernelParams }, diskBytes };
}

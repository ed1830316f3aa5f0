/** Chooses the virtual machine monitor of this device: the first that can run. */
import type { Vmm } from "./contract.js";

/** Throws an Error that says of each why it was refused. */
export async function selectVmm(candidates: readonly Vmm[]): Promise<Vmm> {
  const refusals: string[] = [];
  for (const vmm of candidates) {
    const refusal = await vmm.refusal();
    if (refusal === undefined) return vmm;
    refusals.push(`${vmm.name}: ${refusal}`);
  }
  throw new Error(`no virtual machine monitor can run (${refusals.join("; ")})`);
}

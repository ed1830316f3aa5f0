/** Chooses the virtual machine monitor of this device: the wanted one, else the first that can run. */
import type { Vmm } from "./contract.js";

/** Property that names the wanted monitor; the shell may set it at any time, for VMs that start later. */
export const VMM_PROPERTY = "debug.avf.vmm";

/**
 * @param candidates best first
 * @param wanted name of one of them; undefined or empty: any
 * @throws Error that says of each why it was refused
 */
export async function selectVmm(candidates: readonly Vmm[], wanted?: string): Promise<Vmm> {
  const eligible =
    wanted === undefined || wanted === "" ? candidates : candidates.filter(({ name }) => name === wanted);
  if (eligible.length === 0) {
    throw new Error(`${VMM_PROPERTY} is "${wanted}"; known are ${candidates.map(({ name }) => name).join(", ")}`);
  }
  const refusals: string[] = [];
  for (const vmm of eligible) {
    const refusal = await vmm.refusal();
    if (refusal === undefined) return vmm;
    refusals.push(`${vmm.name}: ${refusal}`);
  }
  throw new Error(`no virtual machine monitor can run (${refusals.join("; ")})`);
}

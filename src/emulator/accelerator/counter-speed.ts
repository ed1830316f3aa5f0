/**
 * How fast this host's time stamp counter goes. QEMU's emulated processors count with the host's, as those of KVM do, and a
 * kernel measures the speed when it boots: continued on a host with another one, its clock and those of its VMs go wrong.
 */
import { readFileSync } from "node:fs";

/** The kernel measures bogomips by the counter, with a deviation from boot to boot. */
const STEP_BOGOMIPS = 100;

/** Equal on hosts whose counters go alike, as far as Linux tells it: the model of the processor, and its rounded speed. */
export function counterSpeed(cpuinfo = "/proc/cpuinfo"): string {
  let text = "";
  try {
    text = readFileSync(cpuinfo, "utf8");
  } catch {
    // Nothing is known of it.
  }
  const field = (name: string): string => new RegExp(`^${name}\\s*:(.*)$`, "m").exec(text)?.[1]?.trim() ?? "";
  return `${field("model name")}, ${Math.round(Number(field("bogomips")) / STEP_BOGOMIPS)}`;
}

/** Which boots of a VM with a kernel of its own show on the console that the first process runs. */
import type { VirtualMachineCustomImageConfig } from "../custom-image/custom-image-config.js";

/** `Run /init as init process` is of level 6 (include/linux/kern_levels.h); what is printed is below the console's level. */
const INFO = 6;
/** CONFIG_CONSOLE_LOGLEVEL_DEFAULT. */
const DEFAULT_LEVEL = 7;
/** CONFIG_CONSOLE_LOGLEVEL_QUIET, and CONSOLE_LOGLEVEL_DEBUG. */
const LEVELS: ReadonlyMap<string, number> = new Map([
  ["quiet", 4],
  ["debug", 10],
]);

/** Not with firmware, which need not start a kernel, nor with a kernel that its parameters silence. */
export function showsInit(image: VirtualMachineCustomImageConfig): boolean {
  if (image.getKernelPath() === undefined) return false;
  const words = image.getParams().join(" ").split(/\s+/);
  const own = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  if (own.includes("ignore_loglevel")) return true;
  const levels = own
    .map((word) => LEVELS.get(word) ?? /^loglevel=(\d+)/.exec(word)?.[1])
    .filter((level) => level !== undefined);
  return Number(levels.at(-1) ?? DEFAULT_LEVEL) > INFO;
}

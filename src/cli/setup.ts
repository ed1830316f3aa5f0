/** `avf setup`: makes what is missing, and says so when nothing is. */
import { cacheFolder } from "../base/paths.js";
import { ensureReady, sweepDevices } from "../emulator/index.js";
import { parseCommandLine } from "./command-line.js";
import { onInterrupt } from "./interrupt.js";
import { showProgress } from "./progress.js";

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseCommandLine("setup", args, { least: 0, most: 0 });
  const progress = showProgress();
  const interrupt = onInterrupt();
  try {
    const ready = await ensureReady({ progress, signal: interrupt.signal, fresh: values.fresh ?? false });
    progress.done();
    const swept = await sweepDevices(cacheFolder());
    if (swept.length > 0) process.stdout.write(`Removed what a killed run left: ${swept.join(", ")}\n`);
    process.stdout.write(`The emulated device is ready (${ready.accelerator}).\n`);
    return 0;
  } catch (error) {
    if (interrupt.exitCode !== undefined) return interrupt.exitCode;
    throw error;
  } finally {
    interrupt.dispose();
  }
}

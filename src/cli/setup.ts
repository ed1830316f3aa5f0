/** `avf setup`: makes what is missing, and says so when nothing is. */
import { parseArgs } from "node:util";
import { cacheFolder } from "../base/paths.js";
import { ensureReady, sweepDevices } from "../emulator/index.js";
import { onInterrupt } from "./interrupt.js";
import { showProgress } from "./progress.js";

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { fresh: { type: "boolean", default: false } } });
  const progress = showProgress();
  const interrupt = onInterrupt();
  try {
    const ready = await ensureReady({ progress, signal: interrupt.signal, fresh: values.fresh });
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

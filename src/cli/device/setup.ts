/** `avf setup`: makes what is missing, and says so when nothing is. */
import { cacheFolder } from "../../base/paths.js";
import { UsageError } from "../../base/errors.js";
import { ensureReady, readSettings, RENEWABLE, sweepDevices, type Renewable } from "../../emulator/index.js";
import { parseCommandLine } from "../command-line.js";
import { onInterrupt } from "../interrupt.js";
import { showProgress } from "../progress.js";

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseCommandLine("setup", args, { least: 0, most: 0 });
  const renew = values.fresh === true ? RENEWABLE : (values.renew ?? []).map(renewable);
  // What a device would be refused for later.
  readSettings();
  const progress = showProgress();
  const interrupt = onInterrupt();
  try {
    const ready = await ensureReady({ progress, signal: interrupt.signal, renew });
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

function renewable(word: string): Renewable {
  const found = RENEWABLE.find((known) => known === word);
  if (found !== undefined) return found;
  throw new UsageError("BAD_OPTION", `avf setup cannot renew "${word}".`, { hint: `it can: ${RENEWABLE.join(", ")}` });
}

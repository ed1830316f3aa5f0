/** What is printed of a run besides its tests. */
import type { Circus } from "@jest/types";
import { printable } from "../../base/printable.js";
import { shortPath } from "../evidence/evidence.js";

export function tellBlockRetry(block: Circus.DescribeBlock, file: string): void {
  const what = block.parent === undefined ? `the tests of ${shortPath(file)}` : `block "${block.name}"`;
  process.stderr.write(printable(`avf: ${what} failed and runs again as a whole, as jest.retryTimes says\n`));
}

/** @param test that it was at */
export function tellSignal(signal: NodeJS.Signals, test: string | undefined, file: string): void {
  const what = test === undefined ? shortPath(file) : `"${test}" of ${shortPath(file)}`;
  const ended = `avf: ${signal} ended the run at ${what}; its VMs are ended and its device is given back.\n`;
  process.stderr.write(printable(ended));
}

/** Before the first file: this run's folder, and whatever the emulated device still lacks. */
import type { Config } from "@jest/types";
import { createRunFolder } from "../artifacts/run-folder.js";
import { ensureReady } from "../emulator/index.js";
import { readOptions } from "./options.js";
import { plainProgress } from "./plain-progress.js";
import { watchProcessEnd } from "./process-end.js";
import { forPrinting } from "./test-errors.js";

export default async function globalSetup(
  _globalConfig: Config.GlobalConfig,
  { testEnvironmentOptions, rootDir }: Config.ProjectConfig,
): Promise<void> {
  try {
    createRunFolder(rootDir);
    // So that a signal to Jest's own process lets the reporter tell of the run so far.
    watchProcessEnd();
    const { serials, harnessModule, deviceCpus } = readOptions(testEnvironmentOptions, rootDir);
    // A real device needs no image.
    if (serials.length === 0 && harnessModule === undefined) {
      await ensureReady({ cpus: deviceCpus, progress: plainProgress() });
    }
  } catch (error) {
    throw forPrinting(error);
  }
}

/** Before the first file: whatever the emulated devices of a run's projects still lack, so that no worker waits for it. */
import { ensureReady, readSettings } from "../../emulator/index.js";
import { readOptions, type EnvironmentOptions } from "../options.js";
import { plainProgress } from "../plain-progress.js";

export interface ProjectOptions {
  readonly rootDir: string;
  readonly testEnvironmentOptions: Readonly<Record<string, unknown>>;
}

export async function prepareDevices(projects: readonly ProjectOptions[]): Promise<void> {
  const emulated = projects
    .flatMap((project) => checkedOptions(project) ?? [])
    // Real devices, and those of a lab, need no image.
    .filter(
      (options) => options.serials.length === 0 && options.devices === undefined && options.harnessModule === undefined,
    );
  for (const { release, monitor } of emulated) readSettings({ release, monitor });
  for (const cpus of new Set(emulated.map(({ deviceCpus }) => deviceCpus))) {
    await ensureReady({ cpus, progress: plainProgress() });
  }
}

/** Wrong ones fail the files of their project, which say what is wrong. */
function checkedOptions({ rootDir, testEnvironmentOptions }: ProjectOptions): EnvironmentOptions | undefined {
  try {
    return readOptions(testEnvironmentOptions, rootDir);
  } catch {
    return undefined;
  }
}

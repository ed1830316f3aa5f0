/** The first process of `avf run --exec`: compiled with the images, and put into an initramfs on the host. */
import { join } from "node:path";
import { packageRoot } from "../base/paths.js";
import { run } from "../process/run.js";

const SOURCE = join(packageRoot, "src/guest/exec/exec_init.c");

export function execInitInputs(): readonly string[] {
  return [SOURCE];
}

/** Static: it runs in whatever initramfs there is. @param gcc how it is called */
export async function compileExecInit(gcc: string, path: string, signal?: AbortSignal): Promise<void> {
  const places = `-ffile-prefix-map=${packageRoot}=.`;
  const options = ["-std=gnu17", "-D_GNU_SOURCE", "-Os", "-s", "-static", "-Wall", "-Wextra"];
  await run([gcc, places, ...options, "-o", path, SOURCE], { timeoutMs: 180_000, signal });
}

/** `npm run pack:device -- OUT` of this repository: the emulated device as an npm package, made on Debian. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { UsageError } from "../src/base/errors.js";
import { packDebianDevice } from "../src/emulator/setup.js";
import { onInterrupt } from "../src/cli/interrupt.js";
import { showProgress } from "../src/cli/progress.js";

export async function run(args: readonly string[]): Promise<number> {
  const [outFolder, ...rest] = args;
  if (outFolder === undefined || rest.length > 0) {
    throw new UsageError("BAD_ARGUMENTS", "pack:device takes the folder that the package is written into.", {
      hint: "npm run pack:device -- OUT",
    });
  }
  const interrupt = onInterrupt();
  const progress = showProgress();
  try {
    const { path, bytes, digest } = await packDebianDevice({ outFolder, progress, signal: interrupt.signal });
    progress.done();
    const hash = createHash("sha256");
    await pipeline(createReadStream(path), hash);
    process.stdout.write(
      `${path}\n  ${(bytes / 1e6).toFixed(1)} MB, sha256 ${hash.digest("hex")}\n  image digest ${digest}\n`,
    );
    return 0;
  } catch (error) {
    if (interrupt.exitCode !== undefined) return interrupt.exitCode;
    throw error;
  } finally {
    interrupt.dispose();
  }
}

/** Makes the npm package jest-avf-device: the ready image, compressed, with notices of what is in it. */
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { DEVICE_PACKAGE } from "../../base/device-package.js";
import { UsageError } from "../../base/errors.js";
import { inspectWritable } from "../../base/files/writable.js";
import { packageRoot } from "../../base/paths.js";
import type { Progress } from "../../base/progress.js";
import { HOST_HELPER } from "../../process/host-helper.js";
import { run } from "../../process/run.js";
import { IMAGE_FILES } from "../image/files.js";
import { sourcesKey } from "../image/key.js";
import { DEVICE_PACKAGES } from "../packages/sets.js";
import { treeOf, type PackageFile } from "../packages/unpack.js";
import { deviceNotice } from "./device-notice.js";
import { packDevice } from "./pack-device.js";

const COMMON_LICENSES = "common-licenses";

export interface PackedDevice {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of the image, before it is compressed. */
  readonly digest: string;
}

/** Before it takes minutes. @throws UsageError when the folder can be neither written nor made */
export function requireOutFolder(folder: string): void {
  const problem = inspectWritable(resolve(folder));
  if (problem === undefined) return;
  throw new UsageError("BAD_ARGUMENTS", `The package cannot be written into ${folder}: ${problem.reason}.`, {
    hint: "name another folder: npm run pack:device -- OUT",
  });
}

interface MakePackageOptions {
  readonly cache: string;
  readonly imageFolder: string;
  readonly packages: readonly PackageFile[];
  /** Gets `jest-avf-device-<version>.tgz`. */
  readonly outFolder: string;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
}

export async function makeDevicePackage(options: MakePackageOptions): Promise<PackedDevice> {
  const { cache, imageFolder, packages, progress, signal } = options;
  const folder = await mkdtemp(join(tmpdir(), "avf-pack-"));
  try {
    progress.step("Compressing the device");
    const onBytes = (bytes: number): void => progress.detail(`${Math.round(bytes / 1e6)} MB`);
    const { digest } = await packDevice({
      imageFolder,
      packages,
      sources: sourcesKey(),
      outFolder: folder,
      onBytes,
      signal,
    });
    await addTexts(folder, packages, join(treeOf(cache, DEVICE_PACKAGES), "usr/share"));
    // Wanted before the rest is unpacked.
    await mkdir(join(folder, "bin"));
    await copyFile(join(imageFolder, IMAGE_FILES.emulator, HOST_HELPER), join(folder, HOST_HELPER));
    await chmod(join(folder, HOST_HELPER), 0o755);
    progress.step("Packing it");
    const outFolder = resolve(options.outFolder);
    await mkdir(outFolder, { recursive: true });
    const npm = ["npm", "pack", folder, "--pack-destination", outFolder, "--loglevel", "error"];
    const { stdout } = await run(npm, { timeoutMs: 600_000, signal });
    const path = join(outFolder, basename(stdout.trim().split("\n").at(-1) ?? ""));
    return { path, bytes: (await stat(path)).size, digest };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function addTexts(folder: string, packages: readonly PackageFile[], share: string): Promise<void> {
  const { version, license } = JSON.parse(await readFile(join(packageRoot, "package.json"), "utf8")) as {
    readonly version: string;
    readonly license: string;
  };
  const description = {
    ...{ name: DEVICE_PACKAGE, version },
    description: "The emulated device of jest-avf, ready made: image, QEMU and adb for Linux on x86-64",
    license: `SEE LICENSE IN NOTICE.md`,
    ...{ os: ["linux"], cpu: ["x64"] },
    files: ["bin", "licenses", "device.*", "NOTICE.md"],
  };
  await writeFile(join(folder, "package.json"), `${JSON.stringify(description, undefined, 2)}\n`);
  await writeFile(join(folder, "NOTICE.md"), deviceNotice(packages, license));
  await writeFile(
    join(folder, "README.md"),
    `# ${DEVICE_PACKAGE}\n\nThe emulated device of jest-avf ${version}, for any Linux on x86-64: install both, and nothing else is needed.\n` +
      "NOTICE.md says what is in it, under which licences, and where its sources are.\n",
  );
  await mkdir(join(folder, "licenses"));
  // Some are links to a version of theirs.
  await cp(join(share, COMMON_LICENSES), join(folder, "licenses", COMMON_LICENSES), {
    recursive: true,
    dereference: true,
  });
  const documents = join(share, "doc");
  for (const name of (await readdir(documents)).sort()) {
    const text = await readFile(join(documents, name, "copyright")).catch(() => undefined);
    if (text !== undefined) await writeFile(join(folder, "licenses", name), text);
  }
}

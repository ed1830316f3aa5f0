/** Sets up what the emulated device needs and has not yet. */
import { existsSync } from "node:fs";
import { rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { openCache } from "../base/cache/cache.js";
import { requireTemporaryFolder } from "../base/files/temporary-folder.js";
import { silentProgress, type Progress } from "../base/progress.js";
import { sweepDrafts } from "../process/drafts.js";
import { describeProcess, takeFileLock } from "../process/locks/file-lock.js";
import { requireSupportedSystem } from "./host/system.js";
import { requirePath } from "./host/tools.js";
import { buildImage } from "./image/build.js";
import { crosvmPath } from "./image/crosvm-path.js";
import { readPackagesTree } from "./image/packages-tree.js";
import {
  forgetAccelerator,
  goOnWithoutKvm,
  isMachinesFault,
  knownAccelerator,
  probeAccelerator,
} from "./accelerator/accelerator.js";
import type { Accelerator, DeviceCpus } from "./machine/arguments.js";
import { verifyTree } from "./packages/tree-digest.js";
import { requireEmulator } from "./needs/emulator-runs.js";
import { requireExecutable } from "./needs/executable.js";
import { requireSpace, requireTemporarySpace } from "./needs/space.js";
import { pruneCache, removeSnapshotsOf } from "./prune.js";
import { removeSnapshot } from "./snapshot/identity.js";
import { IMAGE_FILES } from "./image/files.js";
import { DEVICE_PACKAGES } from "./packages/sets.js";
import { getPackages } from "./packages/get-packages.js";
import { forgetUnpacked, toolsOf, treeOf } from "./packages/unpack.js";
import { makeDevicePackage, requireOutFolder, type PackedDevice } from "./source/device-npm-package.js";
import { debianSource, emulatorVersion, findSource, type DeviceSource } from "./source/source.js";
import { unpackDevice } from "./source/unpack-device.js";
import { snapshotKey } from "./snapshot/key.js";
import { saveSnapshot } from "./snapshot/save.js";

export interface ReadyDevice {
  readonly cache: string;
  readonly imageKey: string;
  readonly imageFolder: string;
  readonly snapshotFolder: string;
  readonly accelerator: Accelerator;
  readonly cpus: DeviceCpus;
}

export interface SetupOptions {
  /** Of the device; each number has a snapshot of its own. Default: 2. */
  readonly cpus?: DeviceCpus | undefined;
  readonly progress?: Progress;
  readonly signal?: AbortSignal | undefined;
  /** What is rebuilt although it is there, with all that is made from it. */
  readonly renew?: readonly Renewable[] | undefined;
  /** As `identifySnapshot` named it: it is rebuilt, unless another process has done so already. */
  readonly unusableSnapshot?: string | undefined;
}

/** In the order in which one is made of the other; the answer about KVM stands apart. */
export const RENEWABLE = ["accelerator", "packages", "image", "snapshot"] as const;
export type Renewable = (typeof RENEWABLE)[number];

const DEFAULT_CPUS = 2;
/** Another process may be downloading and building; on a slow line that takes its time. */
const LOCK_TIMEOUT_MS = 45 * 60_000;

/**
 * Returns where image and snapshot are, after making them where needed. With nothing missing it takes some
 * milliseconds, needs no network, and changes nothing but a time stamp.
 */
export async function ensureReady(options: SetupOptions = {}): Promise<ReadyDevice> {
  const progress = options.progress ?? silentProgress;
  const cache = openCache();
  const source = await findSource(cache);
  requireSupportedSystem(source.kind);
  requirePath(source.kind);
  requireExecutable(cache);
  const renews = (options.renew ?? []).length > 0 || options.unusableSnapshot !== undefined;
  if (!renews) {
    const ready = await findReady(cache, options.cpus, source);
    if (ready) {
      await touch(ready);
      return ready;
    }
  }
  return locked(cache, progress, options.signal, () => setUp(cache, progress, options));
}

async function locked<T>(
  cache: string,
  progress: Progress,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const lock = await takeFileLock(join(cache, "setup.lock"), {
    purpose: "setting up the emulated device",
    timeoutMs: LOCK_TIMEOUT_MS,
    signal,
    onWait: (owner) => progress.step(`Waiting: ${describeProcess(owner)} is ${owner.purpose}`),
  });
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** Only what images are made of. Returns the folder of the unpacked packages. */
export async function ensurePackages(progress: Progress, signal?: AbortSignal): Promise<string> {
  const cache = openCache();
  await locked(cache, progress, signal, () => getPackages(cache, progress, signal));
  return treeOf(cache, DEVICE_PACKAGES);
}

/** Makes the npm package jest-avf-device of Debian's packages, with no part of what is installed here. */
export async function packDebianDevice(
  options: Pick<SetupOptions, "signal"> & { readonly outFolder: string; readonly progress: Progress },
): Promise<PackedDevice> {
  const { progress, signal } = options;
  requireOutFolder(options.outFolder);
  requireSupportedSystem("debian");
  const cache = openCache();
  await requireTemporarySpace(requireTemporaryFolder());
  const { imageFolder, packages } = await locked(cache, progress, signal, async () => {
    const { imageFolder, source } = await ensureImage(
      cache,
      progress,
      false,
      signal,
      await debianSource(cache, undefined),
    );
    await getPackages(cache, progress, signal);
    return { imageFolder, packages: source.packages ?? [] };
  });
  return makeDevicePackage({ cache, imageFolder, packages, ...options });
}

/** Image and snapshot if they are there, without making anything. */
export async function findReady(
  cache: string,
  cpus?: DeviceCpus,
  source?: DeviceSource,
): Promise<ReadyDevice | undefined> {
  const answer = await knownAccelerator(cache);
  if (answer === undefined) return undefined;
  const ready = locate(cache, answer.accelerator, source ?? (await findSource(cache)), cpus);
  if (ready === undefined || !existsSync(ready.imageFolder) || !existsSync(ready.snapshotFolder)) return undefined;
  await verifyTree(ready.imageFolder, IMAGE_FILES.emulator);
  return ready;
}

/** What was used lately is not pruned. */
async function touch(ready: ReadyDevice): Promise<void> {
  const now = new Date();
  await Promise.all([ready.imageFolder, ready.snapshotFolder].map((folder) => utimes(folder, now, now)));
}

/** Where image and snapshot of a source are or will be. Undefined before it is known what the image is made of. */
export function locate(
  cache: string,
  accelerator: Accelerator,
  { imageKey, packages }: DeviceSource,
  cpus: DeviceCpus = DEFAULT_CPUS,
): ReadyDevice | undefined {
  if (imageKey === undefined || packages === undefined) return undefined;
  const imageFolder = join(cache, "images", imageKey);
  const machine = snapshotKey(accelerator, cpus, emulatorVersion(packages));
  return {
    ...{ cache, imageKey, imageFolder, accelerator, cpus },
    snapshotFolder: join(cache, "snapshots", `${imageKey}-${machine}`),
  };
}

async function setUp(
  cache: string,
  progress: Progress,
  { cpus, renew = [], unusableSnapshot, signal }: SetupOptions,
): Promise<ReadyDevice> {
  for (const folder of ["images", "snapshots", DEVICE_PACKAGES.folder]) await sweepDrafts(join(cache, folder));
  requireTemporaryFolder();
  if (renew.includes("accelerator")) await forgetAccelerator(cache);
  if (renew.includes("packages")) await forgetUnpacked(cache, DEVICE_PACKAGES);
  const redo = renew.includes("packages") || renew.includes("image");
  const { imageKey, imageFolder, source } = await ensureImage(cache, progress, redo, signal, await findSource(cache));
  if (redo) await removeSnapshotsOf(cache, imageKey);
  await verifyTree(imageFolder, IMAGE_FILES.emulator);
  await requireEmulator(imageFolder, signal);
  const answer = (await knownAccelerator(cache)) ?? (await probeAccelerator(cache, imageFolder, progress, signal));
  const readyOn = async (accelerator: Accelerator): Promise<ReadyDevice> => {
    const ready = locate(cache, accelerator, source, cpus);
    if (ready === undefined) throw new Error("an image that is there has no name");
    if (renew.includes("snapshot")) await removeSnapshot(ready.snapshotFolder);
    else if (unusableSnapshot !== undefined) await removeSnapshot(ready.snapshotFolder, unusableSnapshot);
    if (!existsSync(ready.snapshotFolder)) {
      await requireSpace(cache, "snapshot");
      await saveSnapshot({ ...ready, crosvmPath: crosvmPath(), progress, signal });
    }
    return ready;
  };
  const ready = await readyOn(answer.accelerator).catch(async (error: unknown) => {
    if (answer.accelerator !== "kvm" || !isMachinesFault(error) || signal?.aborted === true) throw error;
    const instead = await goOnWithoutKvm(cache, error, progress);
    return readyOn(instead.accelerator);
  });
  await pruneCache(cache, ready);
  return ready;
}

/** Out of the device package or, with its packages, Debian's archive. */
async function ensureImage(
  cache: string,
  progress: Progress,
  fresh: boolean,
  signal: AbortSignal | undefined,
  given: DeviceSource,
): Promise<{ readonly imageKey: string; readonly imageFolder: string; readonly source: DeviceSource }> {
  const folderOf = (key: string): string => join(cache, "images", key);
  let source = given;
  // Its name tells the versions of the packages, and of those that are to come nothing is known.
  if (source.kind === "debian" && (fresh || source.imageKey === undefined || !existsSync(folderOf(source.imageKey)))) {
    await getPackages(cache, progress, signal);
    source = await debianSource(cache, source.crosvm);
  }
  const { imageKey } = source;
  if (imageKey === undefined) throw new Error("packages that are there have no names");
  const imageFolder = folderOf(imageKey);
  if (fresh) await rm(imageFolder, { recursive: true, force: true });
  if (!existsSync(imageFolder)) {
    await requireSpace(cache);
    if (source.kind === "device package") {
      await unpackDevice({ devicePackage: source.devicePackage, imageFolder, progress, signal });
    } else {
      await requireTemporarySpace();
      await verifyTree(join(cache, DEVICE_PACKAGES.folder));
      const packages = await readPackagesTree(treeOf(cache, DEVICE_PACKAGES));
      const tools = toolsOf(cache, DEVICE_PACKAGES);
      await buildImage({ packages, tools, imageFolder, crosvmPath: source.crosvm, progress, signal });
    }
  }
  return { imageKey, imageFolder, source };
}

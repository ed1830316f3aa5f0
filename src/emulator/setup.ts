/** Sets up what the emulated device needs and has not yet. */
import { existsSync } from "node:fs";
import { readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { openCache } from "../base/cache/cache.js";
import { requireTemporaryFolder } from "../base/temporary-folder.js";
import { silentProgress, type Progress } from "../base/progress.js";
import { sweepDrafts } from "../process/drafts.js";
import { describeProcess, takeFileLock } from "../process/file-lock.js";
import { imagesInUse } from "./devices/records.js";
import { ensureHostTools, inspectHostTools, requirePath, requireSupportedSystem } from "./host/tools.js";
import { buildImage } from "./image/build.js";
import { crosvmPath } from "./image/crosvm-path.js";
import { imageKey } from "./image/key.js";
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
import { EMULATOR_PACKAGES, IMAGE_PACKAGES, type PackageSet } from "./packages/sets.js";
import { ensureUnpacked, forgetUnpacked, readPackagesManifest, treeOf } from "./packages/unpack.js";
import {
  emulatorCommand,
  emulatorVersion,
  ensureEmulator,
  forgetEmulator,
  type EmulatorCommand,
} from "./qemu/emulator.js";
import { requireEmulator } from "./needs/emulator-runs.js";
import { requireSpace } from "./needs/space.js";
import { removeSnapshot } from "./snapshot/identity.js";
import { snapshotKey } from "./snapshot/key.js";
import { saveSnapshot } from "./snapshot/save.js";

export interface ReadyDevice {
  readonly cache: string;
  readonly imageKey: string;
  readonly imageFolder: string;
  readonly snapshotFolder: string;
  readonly accelerator: Accelerator;
  readonly cpus: DeviceCpus;
  /** How QEMU is called. */
  readonly emulator: EmulatorCommand;
}

export interface SetupOptions {
  /** Of the device; each number has a snapshot of its own. Default: 2. */
  readonly cpus?: DeviceCpus | undefined;
  readonly progress?: Progress;
  readonly signal?: AbortSignal | undefined;
  /** What is made anew although it is there, with all that is made of it. */
  readonly renew?: readonly Renewable[] | undefined;
  /** As `identifySnapshot` named it: it is made anew, unless another process has done so already. */
  readonly unusableSnapshot?: string | undefined;
}

/** In the order in which one is made of the other; the answer about KVM stands apart. */
export const RENEWABLE = ["accelerator", "packages", "image", "snapshot"] as const;
export type Renewable = (typeof RENEWABLE)[number];

const DEFAULT_CPUS = 2;
/** Another process may be downloading and building; on a slow line that takes its time. */
const LOCK_TIMEOUT_MS = 45 * 60_000;
/** An image and its snapshot that were not used for so long make room. */
const KEEP_UNUSED_MS = 3 * 24 * 3_600_000;

/**
 * Returns where image and snapshot are, after making them where needed. With nothing missing it takes some
 * milliseconds, needs no network, and changes nothing but a time stamp.
 */
export async function ensureReady(options: SetupOptions = {}): Promise<ReadyDevice> {
  const progress = options.progress ?? silentProgress;
  requireSupportedSystem();
  requirePath();
  const cache = openCache();
  const renews = (options.renew ?? []).length > 0 || options.unusableSnapshot !== undefined;
  if (!renews && inspectHostTools().missing.length === 0) {
    const ready = await findReady(cache, options.cpus);
    if (ready) {
      await touch(ready);
      return ready;
    }
  }
  const lock = await takeFileLock(join(cache, "setup.lock"), {
    purpose: "setting up the emulated device",
    timeoutMs: LOCK_TIMEOUT_MS,
    signal: options.signal,
    onWait: (owner) => progress.step(`Waiting: ${describeProcess(owner)} is ${owner.purpose}`),
  });
  try {
    return await setUp(cache, progress, options);
  } finally {
    lock.release();
  }
}

/** Image and snapshot if they are there, without making anything. */
export async function findReady(cache: string, cpus?: DeviceCpus): Promise<ReadyDevice | undefined> {
  const answer = await knownAccelerator(cache);
  if (answer === undefined) return undefined;
  const version = await emulatorVersion(cache);
  if (version === undefined) return undefined;
  const ready = locate(cache, answer.accelerator, version, cpus);
  if (!existsSync(ready.imageFolder) || !existsSync(ready.snapshotFolder)) return undefined;
  await verifyTree(join(cache, EMULATOR_PACKAGES.folder));
  return ready;
}

/** What was used lately is not pruned. */
async function touch(ready: ReadyDevice): Promise<void> {
  const now = new Date();
  await Promise.all([ready.imageFolder, ready.snapshotFolder].map((folder) => utimes(folder, now, now)));
}

/** Where image and snapshot of the present sources are or will be. */
export function locate(
  cache: string,
  accelerator: Accelerator,
  emulatorVersion: string,
  cpus: DeviceCpus = DEFAULT_CPUS,
): ReadyDevice {
  const key = imageKey(crosvmPath());
  return {
    cache,
    imageKey: key,
    imageFolder: join(cache, "images", key),
    snapshotFolder: join(cache, "snapshots", `${key}-${snapshotKey(accelerator, cpus, emulatorVersion)}`),
    ...{ accelerator, cpus },
    emulator: emulatorCommand(cache),
  };
}

async function setUp(
  cache: string,
  progress: Progress,
  { cpus, renew = [], unusableSnapshot, signal }: SetupOptions,
): Promise<ReadyDevice> {
  for (const folder of ["images", "snapshots", IMAGE_PACKAGES.folder, EMULATOR_PACKAGES.folder])
    await sweepDrafts(join(cache, folder));
  requireTemporaryFolder();
  await ensureHostTools(progress, signal);
  const packagesAnew = renew.includes("packages");
  if (renew.includes("accelerator")) await forgetAccelerator(cache);
  if (packagesAnew) {
    await forgetUnpacked(cache, IMAGE_PACKAGES);
    await forgetEmulator(cache);
  }
  const key = imageKey(crosvmPath());
  const imageFolder = join(cache, "images", key);
  if (packagesAnew || renew.includes("image")) {
    await rm(imageFolder, { recursive: true, force: true });
    await removeSnapshotsOf(cache, key);
  }
  await getPackages(cache, existsSync(imageFolder), progress, signal);
  // Compared before any of it is run.
  await verifyTree(join(cache, EMULATOR_PACKAGES.folder));
  await requireEmulator(cache, signal);
  if (!existsSync(imageFolder)) {
    await verifyTree(join(cache, IMAGE_PACKAGES.folder));
    const packages = await readPackagesTree(treeOf(cache, IMAGE_PACKAGES));
    await buildImage({ packages, imageFolder, crosvmPath: crosvmPath(), progress, signal });
  }
  const answer = (await knownAccelerator(cache)) ?? (await probeAccelerator(cache, imageFolder, progress, signal));
  const readyOn = async (accelerator: Accelerator): Promise<ReadyDevice> => {
    const ready = locate(cache, accelerator, (await emulatorVersion(cache)) ?? "", cpus);
    if (renew.includes("snapshot")) await removeSnapshot(ready.snapshotFolder);
    else if (unusableSnapshot !== undefined) await removeSnapshot(ready.snapshotFolder, unusableSnapshot);
    if (!existsSync(ready.snapshotFolder)) {
      await requireSpace(cache);
      await saveSnapshot({ ...ready, crosvmPath: crosvmPath(), progress, signal });
    }
    return ready;
  };
  const ready = await readyOn(answer.accelerator).catch(async (error: unknown) => {
    if (answer.accelerator !== "kvm" || !isMachinesFault(error) || signal?.aborted === true) throw error;
    const instead = await goOnWithoutKvm(cache, error, progress);
    return readyOn(instead.accelerator);
  });
  await prune(cache, ready);
  return ready;
}

/** Those of the image and of the emulator at once: either waits for the network most of its time. */
async function getPackages(
  cache: string,
  imageIsThere: boolean,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<void> {
  const missing = [
    ...(imageIsThere || (await readPackagesManifest(cache, IMAGE_PACKAGES)) ? [] : [IMAGE_PACKAGES]),
    ...((await readPackagesManifest(cache, EMULATOR_PACKAGES)) ? [] : [EMULATOR_PACKAGES]),
  ];
  if (!imageIsThere || missing.length > 0) await requireSpace(cache);
  if (missing.length > 0)
    progress.step(`Downloading packages of the ${missing.map(({ title }) => title).join(" and the ")}`);
  const details = new Map<string, string>();
  // What fails ends the other one as well.
  const failure = new AbortController();
  const either = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  const get = async (set: PackageSet): Promise<void> => {
    const detail = (text: string): void => {
      details.set(set.title, text);
      progress.detail([...details].map(([title, what]) => `${title}: ${what}`).join("; "));
    };
    const own: Progress = { step: detail, detail };
    try {
      if (set === EMULATOR_PACKAGES) await ensureEmulator(cache, own, either);
      else await ensureUnpacked(cache, set, own, either);
    } catch (error) {
      failure.abort(error);
      throw error;
    }
  };
  await Promise.allSettled(missing.map(get));
  // The first failure; the other one's is only that it was ended.
  failure.signal.throwIfAborted();
}

/** Whatever the machine is: their memory has read a root disk that is not there any more. */
async function removeSnapshotsOf(cache: string, key: string): Promise<void> {
  const folder = join(cache, "snapshots");
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith(`${key}-`));
  for (const name of names) await rm(join(folder, name), { recursive: true, force: true });
}

/** Removes images and snapshots of earlier sources that nobody used lately and nobody runs. */
async function prune(cache: string, current: ReadyDevice): Promise<void> {
  const used = new Set([...(await imagesInUse(cache)), current.imageKey]);
  for (const folder of [join(cache, "images"), join(cache, "snapshots")]) {
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const key = name.slice(0, current.imageKey.length);
      if (used.has(key) || name.endsWith(".tmp")) continue;
      if (Date.now() - (await stat(path)).mtimeMs > KEEP_UNUSED_MS) await rm(path, { recursive: true, force: true });
    }
  }
}

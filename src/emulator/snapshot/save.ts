/** Makes the snapshot that every start of the emulated device continues from. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ANDROID_RELEASES, DEFAULT_RELEASE } from "../../base/android-release.js";
import { atOnce } from "../../base/async/at-once.js";
import { eitherSignal } from "../../base/async/shared-signal.js";
import { publishFolder } from "../../base/files/atomic-file.js";
import { makePrivate, PRIVATE_FOLDER } from "../../base/cache/cache.js";
import { formatMs, withDeadline } from "../../base/deadline.js";
import { describeError, isHarnessError, UsageError } from "../../base/errors.js";
import { tellNote, type Progress } from "../../base/progress.js";
import { draftOf } from "../../process/drafts.js";
import { connectTcpDevice, disconnectTcpDevice } from "../../device/adb/connect.js";
import { requireServerHere } from "../../device/adb/remote/server-place.js";
import { readAdbKeys } from "../../device/index.js";
import { openAdbServer } from "../../device/index.js";
import { run } from "../../process/run.js";
import { IMAGE_FILES } from "../image/files.js";
import { buildMachineArguments, type Accelerator, type DeviceCpus } from "../machine/arguments.js";
import { copySparse } from "../machine/copy-sparse.js";
import { explainTimeout, launchMachine, SERIAL_LOG, type Machine } from "../machine/launch.js";
import { lendFolder, machineUser, takeBack } from "../machine/machine-user.js";
import { findFreePort } from "../machine/port.js";
import { emulatorCommand, IMAGE_FOLDER, OWN_FOLDER } from "../qemu/emulator.js";
import { admitAdb, personalize } from "./personalize.js";
import { rehearse } from "./rehearse.js";
import { keepBootTime } from "./slowness.js";
import { saveState, SNAPSHOT_FILES } from "./state.js";

/** From power-on until avfd answers. Measured: 8 s alone under TCG; several at once on two cores take many times that. */
const COLD_BOOT_TIMEOUT_MS = 300_000;
/** Of the first attempt: under TCG a boot was seen to stand still, once in hundreds, and the next one is not worse for it. */
const FIRST_BOOT_TIMEOUT_MS = 90_000;
const END_TIMEOUT_MS = 60_000;
/** By the machine. */
const WRITTEN = [...Object.values(SNAPSHOT_FILES), SERIAL_LOG];

interface SaveSnapshotOptions {
  readonly imageFolder: string;
  /** Becomes the finished snapshot, in one rename. */
  readonly snapshotFolder: string;
  readonly accelerator: Accelerator;
  readonly cpus: DeviceCpus;
  /** The crosvm that was put into the image, if any. */
  readonly crosvmPath: string | undefined;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
}

export async function saveSnapshot(options: SaveSnapshotOptions): Promise<void> {
  requireServerHere("The emulated device");
  try {
    return await saveOnce(options, FIRST_BOOT_TIMEOUT_MS);
  } catch (error) {
    if (!isHarnessError(error) || error.code !== "TIMEOUT") throw error;
    options.signal?.throwIfAborted();
    tellNote(options.progress, "The device did not come up; trying again with a longer timeout");
  }
  return saveOnce(options, COLD_BOOT_TIMEOUT_MS);
}

async function saveOnce(options: SaveSnapshotOptions, bootTimeoutMs: number): Promise<void> {
  const { imageFolder, snapshotFolder, accelerator, cpus, progress, signal } = options;
  const draft = draftOf(snapshotFolder);
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: PRIVATE_FOLDER });
  let machine: Machine | undefined;
  try {
    progress.step("Booting the device for the first time");
    const data = join(draft, SNAPSHOT_FILES.data);
    await copySparse(join(imageFolder, IMAGE_FILES.data), data);
    const adbPort = await findFreePort();
    const user = machineUser(adbPort, accelerator);
    lendFolder(draft, WRITTEN, user);
    const argv = buildMachineArguments({
      emulator: emulatorCommand(imageFolder, { folder: draft, user, detached: false }),
      ...{ accelerator, cpus, adbPort, imageFolder: IMAGE_FOLDER },
      dataDisk: join(OWN_FOLDER, SNAPSHOT_FILES.data),
      keepData: true,
      memoryFile: join(OWN_FOLDER, SNAPSHOT_FILES.memory),
      memoryShared: true,
      incoming: false,
      serialLog: join(OWN_FOLDER, SERIAL_LOG),
    });
    machine = launchMachine(argv, { folder: draft, workingFolder: draft, detached: false, user });
    const ended = eitherSignal(machine.ended, ...(signal ? [signal] : []));
    const begunMs = performance.now();
    const serial = await bootOnce(machine, { ...options, adbPort, bootTimeoutMs }, ended);
    await keepBootTime(draft, performance.now() - begunMs);
    try {
      progress.step("Running a first VM on it");
      await ticking(progress, () => useOnce(serial, progress, ended));
    } finally {
      await disconnectTcpDevice(serial);
    }
    await personalizeOnce(machine, accelerator, ended);
    progress.step("Saving its state");
    await saveState(machine, OWN_FOLDER);
    const { process } = machine;
    await withDeadline("QEMU to end, whose state is saved", { timeoutMs: END_TIMEOUT_MS }, () => process.ended);
    takeBack(
      WRITTEN.map((name) => join(draft, name)),
      user,
    );
    makePrivate(draft);
    await publishFolder(draft, snapshotFolder);
  } catch (error) {
    throw machine === undefined ? error : explainTimeout(error, draft);
  } finally {
    await machine?.kill();
    await rm(draft, { recursive: true, force: true });
  }
}

/** Until avfd and adb have answered. Returns the serial by which adb knows it now. */
async function bootOnce(
  machine: Machine,
  options: Pick<SaveSnapshotOptions, "progress" | "crosvmPath"> & {
    readonly adbPort: number;
    readonly bootTimeoutMs: number;
  },
  signal: AbortSignal,
): Promise<string> {
  const { progress, crosvmPath, adbPort, bootTimeoutMs } = options;
  return ticking(progress, async () => {
    await machine.qmp.negotiate(signal);
    await machine.control.request({ command: "ping" }, bootTimeoutMs, signal);
    await admitAdb(machine.control, signal);
    await requireCrosvm(machine, crosvmPath, signal);
    return connectTcpDevice(`127.0.0.1:${adbPort}`, { timeoutMs: 60_000, signal });
  });
}

/** What every start needs is in memory then, when the device is saved. */
async function useOnce(serial: string, progress: Progress, signal: AbortSignal): Promise<void> {
  const { command: adb } = await openAdbServer();
  const commands = ["getprop ro.build.version.sdk", "/apex/com.android.virt/bin/vm info", "ls /data/local/tmp"];
  await atOnce(
    ...commands.map((command) => async () => {
      await run([...adb, "-s", serial, "shell", command], { timeoutMs: 60_000, signal });
    }),
    () => tryRehearsal(serial, progress, signal),
  );
}

async function tryRehearsal(serial: string, progress: Progress, signal: AbortSignal): Promise<void> {
  try {
    await rehearse(serial, signal);
  } catch (error) {
    signal.throwIfAborted();
    // It only makes things faster. Who starts a VM on this device will hear what is wrong.
    tellNote(progress, `The snapshot has run no VM: ${describeError(error).split("\n", 1)[0] ?? ""}`);
  }
}

/** Forgets what must not be in all devices that continue from this one, and becomes one of its own, as each start will do it. */
async function personalizeOnce({ control }: Machine, accelerator: Accelerator, signal: AbortSignal): Promise<void> {
  await control.request({ command: "forget-vms" }, 60_000, signal);
  for (const release of [ANDROID_RELEASES[0], DEFAULT_RELEASE, DEFAULT_RELEASE]) {
    const identity = { serialNumber: "avf", release, vmTemplates: false, slowness: 1, accelerator };
    await personalize(
      control,
      identity,
      { vmm: undefined, adbKeys: readAdbKeys(), restored: true, holdVms: false },
      signal,
    );
  }
  await control.request({ command: "sync" }, 30_000, signal);
}

/** Shows how long it takes already. */
async function ticking<T>(progress: Progress, work: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  const timer = setInterval(() => progress.detail(formatMs(performance.now() - begun)), 1_000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** A crosvm that cannot run on the device is reported now, not at the first VM. */
async function requireCrosvm(machine: Machine, crosvmPath: string | undefined, signal: AbortSignal): Promise<void> {
  if (crosvmPath === undefined) return;
  try {
    await machine.control.request({ command: "vmm", prefer: "crosvm" }, COLD_BOOT_TIMEOUT_MS, signal);
    await machine.control.request({ command: "vmm", prefer: "" }, COLD_BOOT_TIMEOUT_MS, signal);
  } catch (error) {
    if (!isHarnessError(error) || error.code !== "DEVICE_REFUSED") throw error;
    throw new UsageError("CROSVM_UNUSABLE", `The crosvm at ${crosvmPath} does not run on the emulated device.`, {
      cause: error,
      hint: "the device has the libraries of Debian 13: build it there or on an older one, or unset AVF_CROSVM to use QEMU",
    });
  }
}

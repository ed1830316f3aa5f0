/** Starts emulated devices, as many as wanted, from as many processes. */
import { join } from "node:path";
import { sleep } from "../../base/deadline.js";
import { InfrastructureError, isHarnessError, UsageError } from "../../base/errors.js";
import { silentProgress, type Progress } from "../../base/progress.js";
import { connectTcpDevice } from "../../device/adb/connect.js";
import { identify } from "../../process/identity.js";
import { IMAGE_FILES } from "../image/files.js";
import { buildMachineArguments } from "../machine/arguments.js";
import { launchMachine, SERIAL_LOG, type Machine } from "../machine/launch.js";
import { findFreePort } from "../machine/port.js";
import { ensureReady, type ReadyDevice } from "../setup.js";
import { personalize, restoreMachine } from "../snapshot/restore.js";
import { SNAPSHOT_FILES } from "../snapshot/save.js";
import { forgetAdb } from "./end-machine.js";
import { claimDeviceFolder, dropClaim, forgetDevice, writeRecord, type DeviceRecord } from "./records.js";
import { sweepDevices } from "./sweep.js";

export interface StartOptions {
  /** Default: `avf-1`, `avf-2`…, the first that is free. */
  readonly name?: string | undefined;
  /** Port of 127.0.0.1 for adb. Default: a free one. */
  readonly port?: number | undefined;
  /** Boots instead of continuing from the snapshot. */
  readonly cold?: boolean;
  /** Android release whose `vm` dialect and properties the device shows. Default: `AVF_RELEASE`, else 15. */
  readonly release?: 13 | 15 | undefined;
  /** True: the device outlives this process, until `avf device stop`. */
  readonly detached?: boolean;
  readonly progress?: Progress;
  readonly signal?: AbortSignal | undefined;
}

export interface EmulatedDevice {
  readonly name: string;
  /** What `adb -s` wants: the connection is made already. */
  readonly serial: string;
  readonly adbPort: number;
  readonly release: 13 | 15;
  readonly accelerator: string;
  /** Aborted with the reason when the device ended by itself. */
  readonly ended: AbortSignal;
  /** Ends the device and removes all of it. Repeatable. */
  stop(): Promise<void>;
}

const COLD_BOOT_TIMEOUT_MS = 300_000;
const CONNECT_TIMEOUT_MS = 60_000;
/** From the end of its control connection to the end of the process. */
const QEMU_LAST_WORDS_MS = 2_000;

/** Sets up what is missing, then starts a device. It is pristine: nothing an earlier one did is in it. */
export async function startEmulatedDevice(options: StartOptions = {}): Promise<EmulatedDevice> {
  const setup = { ...(options.progress ? { progress: options.progress } : {}), signal: options.signal };
  let ready = await ensureReady(setup);
  await sweepDevices(ready.cache);
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await findFreePort());
    try {
      return await startOnPort(ready, port, options);
    } catch (error) {
      const code = isHarnessError(error) ? error.code : undefined;
      // Somebody took the free port between our look and QEMU's.
      const lostPort = code === "PORT_BUSY" && options.port === undefined && attempt < 5;
      // A snapshot that does not load is of no use to anybody: once, a new one is made.
      const badSnapshot = code === "SNAPSHOT_UNUSABLE" && attempt === 1;
      if (!lostPort && !badSnapshot) throw error;
      if (badSnapshot) ready = await ensureReady({ ...setup, freshSnapshot: true });
    }
  }
}

async function startOnPort(ready: ReadyDevice, adbPort: number, options: StartOptions): Promise<EmulatedDevice> {
  const { cache, accelerator } = ready;
  const { name, folder } = await claim(cache, options.name);
  let machine: Machine | undefined;
  try {
    const serial = `127.0.0.1:${adbPort}`;
    const release = options.release ?? releaseFromEnvironment();
    const self = identify(process.pid) ?? null;
    const startedAt = new Date().toISOString();
    const { imageKey } = ready;
    const record: DeviceRecord = {
      ...{ name, serial, adbPort, release, accelerator, imageKey, startedAt },
      owner: self,
      machine: undefined,
    };
    await writeRecord(cache, record);
    machine = launch(ready, folder, adbPort, options);
    const qemu = identify(machine.process.pid ?? 0);
    const signal = AbortSignal.any([machine.ended, ...(options.signal ? [options.signal] : [])]);
    await Promise.all([
      writeRecord(cache, { ...record, machine: qemu }),
      bringUp(machine, adbPort, { serialNumber: name, release }, options, signal),
    ]);
    if (options.detached === true) await writeRecord(cache, { ...record, machine: qemu, owner: null });
    return handle(cache, record, machine, options.detached === true);
  } catch (error) {
    await machine?.kill();
    await forgetAdb(`127.0.0.1:${adbPort}`);
    await dropClaim(cache, name);
    throw error;
  }
}

async function claim(cache: string, wanted: string | undefined): Promise<{ name: string; folder: string }> {
  if (wanted !== undefined) {
    const folder = await claimDeviceFolder(cache, wanted);
    if (folder !== undefined) return { name: wanted, folder };
    throw new UsageError("DEVICE_EXISTS", `An emulated device "${wanted}" runs already.`, {
      hint: `npx avf device stop ${wanted}, or take another --name`,
    });
  }
  for (let number = 1; number < 1000; number++) {
    const name = `avf-${number}`;
    const folder = await claimDeviceFolder(cache, name);
    if (folder !== undefined) return { name, folder };
  }
  throw new InfrastructureError("TOO_MANY_DEVICES", "A thousand emulated devices run already.");
}

function launch(ready: ReadyDevice, folder: string, adbPort: number, { cold, detached }: StartOptions): Machine {
  const { accelerator, imageFolder, snapshotFolder } = ready;
  const argv = buildMachineArguments({
    accelerator,
    imageFolder,
    adbPort,
    dataDisk: cold === true ? join(imageFolder, IMAGE_FILES.data) : join(snapshotFolder, SNAPSHOT_FILES.data),
    keepData: false,
    memoryFile: cold === true ? join(folder, "memory") : join(snapshotFolder, SNAPSHOT_FILES.memory),
    memoryShared: false,
    incoming: cold !== true,
    serialLog: join(folder, SERIAL_LOG),
  });
  return launchMachine(argv, { folder, workingFolder: snapshotFolder, detached: detached === true });
}

/** Until avfd and adb's shell have answered. */
async function bringUp(
  machine: Machine,
  adbPort: number,
  identity: { readonly serialNumber: string; readonly release: 13 | 15 },
  { cold, progress = silentProgress }: StartOptions,
  signal: AbortSignal,
): Promise<void> {
  if (cold === true) {
    progress.step("Booting the device");
    await machine.qmp.negotiate(signal);
    await machine.control.request({ command: "ping" }, COLD_BOOT_TIMEOUT_MS, signal);
  } else {
    await restore(machine, signal);
  }
  await Promise.all([
    personalize(machine, identity, signal),
    connectTcpDevice(`127.0.0.1:${adbPort}`, { timeoutMs: CONNECT_TIMEOUT_MS, signal }),
  ]);
}

/** QEMU ends when it cannot load a state; its own words say more than the connection that broke. */
async function restore(machine: Machine, signal: AbortSignal): Promise<void> {
  try {
    await restoreMachine(machine, signal);
  } catch (error) {
    if (isHarnessError(error) && error.code === "QEMU_GONE") {
      await Promise.race([machine.process.ended, sleep(QEMU_LAST_WORDS_MS)]);
    }
    const reason: unknown = machine.ended.aborted ? machine.ended.reason : error;
    if (isHarnessError(reason) && reason.code !== "DEVICE_ENDED" && reason.code !== "QEMU_REFUSED") throw reason;
    if (signal.aborted && !machine.ended.aborted) throw error;
    throw new InfrastructureError("SNAPSHOT_UNUSABLE", "The emulated device's snapshot cannot be continued.", {
      cause: reason,
      hint: "npx avf setup --fresh makes everything anew",
    });
  }
}

function handle(cache: string, record: DeviceRecord, machine: Machine, detached: boolean): EmulatedDevice {
  const { name, serial, adbPort, release, accelerator } = record;
  if (detached) machine.detach();
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await machine.kill();
    await forgetDevice(cache, record);
    await forgetAdb(serial);
  };
  const stopOnce = (): Promise<void> => (stopping ??= stop());
  return { name, serial, adbPort, release, accelerator, ended: machine.ended, stop: stopOnce };
}

export function releaseFromEnvironment(text = process.env["AVF_RELEASE"]): 13 | 15 {
  if (text === undefined || text === "" || text === "15") return 15;
  if (text === "13") return 13;
  throw new UsageError("BAD_RELEASE", `AVF_RELEASE is "${text}"; the emulated device knows Android 13 and 15.`);
}

/** Starts emulated devices, as many as wanted, from as many processes. */
import { eitherSignal } from "../../base/async/shared-signal.js";
import { requireServerHere } from "../../device/adb/remote/server-place.js";
import type { AndroidRelease } from "../../base/android-release.js";
import { InfrastructureError, isHarnessError, UsageError } from "../../base/errors.js";
import type { Monitor } from "../../base/vm/monitors.js";
import type { Progress } from "../../base/progress.js";
import { self } from "../../process/life.js";
import type { DeviceCpus } from "../machine/arguments.js";
import type { Machine } from "../machine/launch.js";
import { findFreePort } from "../machine/port.js";
import { goOnWithoutKvm, namingTcg } from "../accelerator/accelerator.js";
import { ensureReady, type ReadyDevice } from "../setup.js";
import { readSettings } from "../settings.js";
import { identifySnapshot } from "../snapshot/identity.js";
import { readSlowness } from "../snapshot/slowness.js";
import { bringUp, launchDevice, type BringUp } from "./bring-up.js";
import { forgetAdbOfEnded, ownAdbServer } from "./adb-connection.js";
import { claimDeviceFolder, dropClaim, forgetDevice, updateRecord, writeRecord, type DeviceRecord } from "./records.js";
import { RunningDevice, type EmulatedDevice } from "./running-device.js";
import { sweepDevices } from "./sweep.js";

export interface StartOptions {
  /** Default: `avf-1`, `avf-2`…, the first that is free. */
  readonly name?: string | undefined;
  /** Port of 127.0.0.1 for adb. Default: a free one. */
  readonly port?: number | undefined;
  /** How many processors it has. Default: 2. With 1 it costs less processor time in all, and VMs at once take longer. */
  readonly cpus?: DeviceCpus | undefined;
  /** Boots instead of continuing from the snapshot. */
  readonly cold?: boolean;
  /** Android release whose `vm` dialect and properties the device shows. Default: `AVF_RELEASE`, else `DEFAULT_RELEASE`. */
  readonly release?: AndroidRelease | undefined;
  /** What its VMs run on. Default: `AVF_MONITOR`, else crosvm where the image has one (`AVF_CROSVM`), else QEMU. */
  readonly vmm?: Monitor | undefined;
  /** VMs are copied from templates instead of booted, where QEMU runs them. Default: false. */
  readonly vmTemplates?: boolean | undefined;
  /** True: the device outlives this process, until `avf device stop`. */
  readonly detached?: boolean;
  readonly progress?: Progress;
  readonly signal?: AbortSignal | undefined;
}

/** Sets up what is missing, then starts a device. It is pristine: nothing an earlier one did is in it. */
export async function startEmulatedDevice(options: StartOptions = {}): Promise<EmulatedDevice> {
  const { monitor: vmm, release } = readSettings({ release: options.release, monitor: options.vmm });
  requireServerHere("The emulated device");
  const setup = {
    cpus: options.cpus,
    ...(options.progress ? { progress: options.progress } : {}),
    signal: options.signal,
  };
  let ready = await ensureReady(setup);
  await sweepDevices(ready.cache);
  let renewed = false;
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await findFreePort());
    const snapshot = await identifySnapshot(ready.snapshotFolder);
    try {
      return await startOnPort(ready, port, { ...options, vmm, release });
    } catch (error) {
      const code = isHarnessError(error) ? error.code : undefined;
      // Somebody took the free port between our look and QEMU's.
      const lostPort = code === "PORT_BUSY" && options.port === undefined && attempt < 5;
      if (lostPort) continue;
      // A snapshot that does not load, or that kills, is of no use to anybody: once, a new one is made, by one process.
      if (code === "SNAPSHOT_UNUSABLE" && !renewed) {
        renewed = true;
        ready = await ensureReady({ ...setup, unusableSnapshot: snapshot });
      } else if (ready.accelerator === "kvm" && (code === "KVM_UNAVAILABLE" || code === "SNAPSHOT_UNUSABLE")) {
        // What was made for KVM stays: it may be back in a moment.
        await goOnWithoutKvm(ready.cache, error, options.progress);
        ready = await ensureReady(setup);
      } else throw options.signal?.aborted === true ? error : namingTcg(error, ready.accelerator);
    }
  }
}

type Chosen = StartOptions & { readonly release: AndroidRelease };

async function startOnPort(ready: ReadyDevice, adbPort: number, options: Chosen): Promise<EmulatedDevice> {
  const { cache, accelerator } = ready;
  const { name, folder } = await claim(cache, options.name);
  let machine: Machine | undefined;
  let written: DeviceRecord | undefined;
  let known: Promise<void> | undefined;
  try {
    const serial = `127.0.0.1:${adbPort}`;
    const startedAt = new Date().toISOString();
    const { imageKey } = ready;
    const { release } = options;
    const record: DeviceRecord = {
      ...{ name, serial, adbPort, release, accelerator, imageKey, startedAt },
      owner: self(),
      machine: undefined,
      adbServer: ownAdbServer(),
    };
    await writeRecord(cache, record);
    written = record;
    const detached = options.detached === true;
    const start: BringUp = {
      ...{ ready, folder, adbPort, detached, progress: options.progress },
      identity: {
        ...{ serialNumber: name, release, vmTemplates: options.vmTemplates === true, accelerator },
        slowness: await readSlowness(ready.snapshotFolder),
      },
      vmm: options.vmm,
      origin: options.cold === true ? { kind: "cold" } : { kind: "saved", folder: ready.snapshotFolder },
    };
    machine = launchDevice(start);
    const qemu = machine.identify();
    const signal = eitherSignal(machine.ended, ...(options.signal ? [options.signal] : []));
    known = writeRecord(cache, { ...record, machine: qemu });
    const [vmm] = await Promise.all([bringUp(machine, start, signal), known]);
    if (detached) await updateRecord(cache, { ...record, machine: qemu, owner: null });
    return new RunningDevice(record, machine, start, vmm);
  } catch (error) {
    try {
      await machine?.kill();
    } catch {
      // A sweep ends it once it can be ended, and takes the rest away; why this start failed matters more.
      throw error;
    }
    await forgetAdbOfEnded({ serial: `127.0.0.1:${adbPort}` });
    // Once the record tells of a machine that is dead, anybody may have swept the folder and taken its name.
    await known?.catch(() => undefined);
    if (written === undefined) await dropClaim(cache, name);
    // What cannot be removed now is swept by the next start; why this one failed matters more.
    else await forgetDevice(cache, written).catch(() => undefined);
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

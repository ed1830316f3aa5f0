/** What a test file or a program works with on a device: its apps, installed, each with a manager that is ready. */
import { printDiagnostic } from "../base/diagnostics.js";
import type { Device } from "../device/index.js";
import { provision, sweepProvisioned, type ProvisionedApp, type ProvisionRequest } from "../provisioning/index.js";
import { createVmContext, type VmContext } from "../virtualmachine/index.js";
import type { VirtualizationService } from "../virtualizationservice/index.js";
import { readTextEntry } from "./apk-entry.js";
import { App } from "./app.js";
import { makeCustomVm } from "./custom-vm/make-custom-vm.js";
import type { CustomVmSpec, MakeCustomVm } from "./custom-vm/spec.js";
import type { DeviceSession } from "./device-session.js";
import { guestAnswers } from "./guests/answers.js";
import type { LeakCheck } from "./leaks/index.js";
import type { DeviceFacts } from "./requirements/index.js";
import { Timeline } from "./timeline.js";
import { guardService } from "./watch/guarded-service.js";
import { notingService } from "./watch/noting-service.js";
import type { Busy } from "./watch/recorded-calls.js";
import type { HeldThing } from "./watch/watched-device.js";

/** What one test file, or one program, works with. */
export interface Harness {
  readonly device: Device;
  /** Installed, in the order of the request. */
  readonly apps: readonly App[];
  /** Whose VMs there are: the apps; without any the shell, which can have VMs of their own kernel. */
  readonly owners: readonly [App, ...App[]];
  readonly customVm: MakeCustomVm;
  readonly facts: DeviceFacts;
  readonly leakCheck: LeakCheck;
  /** For a device that can be put back. */
  readonly timeline?: Timeline | undefined;
  /** Name of an emulated device, for `avf device shell`. */
  readonly deviceName?: string | undefined;
  /** See `LeasedDevice`. */
  readonly emulatesCpus?: boolean;
  /** The device's own account of the last `windowMs`, by file name. Not recorded, never rejects. */
  deviceLogs?(packages: readonly string[], windowMs: number): Promise<ReadonlyMap<string, string | Buffer>>;
  /** False: the kernel of that guest, a Microdroid, hangs. True also where that is not known. Never rejects. */
  readonly guestAnswers?: (cid: number) => Promise<boolean>;
  /** Ends forwards and attached commands that the test which just ended has left; returns which. Never rejects. */
  endTest(): Promise<readonly string[]>;
  /** Takes away what was put on a device that others use too. On one that is gone it is left to the next run. Repeatable. */
  close(): Promise<void>;
}

interface HarnessOptions {
  readonly provision: ProvisionRequest;
  /** See `ProvisionRequest`. */
  readonly images?: ProvisionRequest["images"];
  /** Removes VMs that the file before left on an emulated device, which is nobody else's. */
  readonly removeLeftVms?: boolean;
  /** The signal of the test that the present call belongs to. Default: none. */
  readonly callSignal?: (() => AbortSignal | undefined) | undefined;
  /** Notes meanwhile what the test that the present call belongs to is busy with. */
  readonly busy?: Busy | undefined;
}

/** Installs what is asked for and hands out apps whose managers are ready to use. */
export async function openHarness(session: DeviceSession, options: HarnessOptions): Promise<Harness> {
  const { callSignal = () => undefined } = options;
  // A device of others outlives this process, and has what a killed one before it left.
  const noted = !session.keepBetweenFiles;
  if (noted) await sweepProvisioned(session.device, options.provision.log);
  const { service: shared } = session;
  // Asked meanwhile, unless what is done to the device may change the answer.
  if (options.provision.androidTest === undefined) shared.capabilities().catch(() => undefined);
  const { images, provision: request } = options;
  const provisioned = await provision(session.device, {
    ...request,
    noted,
    images,
    serialNumber: session.serialNumber,
  });
  const service = guardService(noted ? notingService(shared, session, provisioned) : shared, callSignal);
  let contexts: readonly VmContext[];
  try {
    const owners = provisioned.apps.length > 0 ? provisioned.apps : [provisioned.shell];
    contexts = await Promise.all(owners.map((owner) => vmContextOf(owner, session, service)));
    // On a device of others they are known by their notes only: whatever else is there is not ours.
    if (options.removeLeftVms === true && !noted) {
      const folders = contexts.map(({ dataFolder }) => `${dataFolder}/vm`);
      await Promise.all(folders.map((folder) => session.service.files.remove(folder)));
    }
  } catch (error) {
    await provisioned.cleanUp().catch(() => undefined);
    throw error;
  }
  const close = async (): Promise<void> => {
    try {
      if (!session.keepBetweenFiles) await provisioned.cleanUp();
      else await provisioned.restoreRoot();
    } catch (error) {
      // On a device that is gone, or no longer ours, what we put there stays noted for the next run that has it.
      if (!session.device.gone.aborted) throw error;
    }
  };
  const held = new Set<HeldThing>();
  const endTest = async (): Promise<readonly string[]> => {
    const things = [...held];
    held.clear();
    await Promise.allSettled(things.map((thing) => thing.end()));
    return things.map(({ what }) => what);
  };
  const [first, ...others] = contexts.map((context) => new App(context));
  if (first === undefined) throw new Error("there is no app that could have VMs");
  const owners = [first, ...others] as const;
  const apps = provisioned.apps.length > 0 ? owners : [];
  const custom = { owner: first, images: provisioned.images, root: options.provision.root, signal: callSignal };
  const { rewinding, device } = session;
  const equip = async (): Promise<void> => void (await provision(device, { ...options.provision, signal: undefined }));
  return {
    device: session.deviceOfTests({ signal: callSignal, held, busy: options.busy }),
    ...{ apps, owners, customVm: (spec: CustomVmSpec) => makeCustomVm(custom, spec) },
    timeline: rewinding && new Timeline({ rewinding, apps: owners, equip, record: session.record }),
    ...{ facts: session.facts, leakCheck: session.leakCheck, deviceName: session.name },
    emulatesCpus: session.emulatesCpus,
    guestAnswers: (cid) => guestAnswers(device, cid),
    deviceLogs: (packages, windowMs) => session.deviceLogs(packages, windowMs),
    endTest,
    close,
  };
}

/** A context for the lifecycle library: what it asks of an app beyond the service. */
export function vmContextOf(
  app: Pick<ProvisionedApp, "packageName" | "apkPath" | "dataFolder">,
  { device, slowness }: Pick<DeviceSession, "device" | "slowness">,
  service: VirtualizationService,
): Promise<VmContext> {
  const { packageName, apkPath, dataFolder } = app;
  return createVmContext({
    ...{ packageName, apkPath, dataFolder, service, slowness },
    gone: device.gone,
    log: printDiagnostic,
    resolvePackage: (name) => device.packagePath(name),
    readApkEntry: (path, entry) => readTextEntry(device, path, entry),
  });
}

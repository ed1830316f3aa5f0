/** The service that owns the device's VMs: their CIDs, folders, states and ends. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { SERVICE_FOLDER, type DevicePaths } from "../device-paths.js";
import { describeSystemError } from "../errno.js";
import type { LogBuffer } from "../log/log-buffer.js";
import type { PackageStore } from "../packages/package-store.js";
import type { DeviceIdentity } from "../properties/device-identity.js";
import type { PropertyStore } from "../properties/property-store.js";
import type { Vmm } from "../vmm/contract.js";
import { selectVmm, VMM_PROPERTY } from "../vmm/select.js";
import { appVmPlan } from "./app-vm-plan.js";
import { Attachments } from "./channels/attachments.js";
import { Cids } from "./cids.js";
import { DeviceSecret } from "./device-secret.js";
import { FreezeGate } from "./state/freeze.js";
import { GuestReports, type NotifyGuest } from "./channels/guest-reports.js";
import { ServiceError } from "./service-error.js";
import { ImageLocks } from "./raw/image-locks.js";
import { rawVmPlan } from "./raw/raw-vm-plan.js";
import type { RawVmConfig } from "./raw/raw-vm-config.js";
import type { AppVmConfig, Requester } from "./vm-config.js";
import type { VmDisks, VmPlan } from "./vm-plan.js";
import { VirtualMachine } from "./virtual-machine.js";
import type { VmStreamEnds } from "./vm-options.js";
import { VsockRelay } from "./channels/vsock-relay.js";
import { killLeftoverVmms } from "./state/vmm-records.js";

interface VirtualizationServiceOptions {
  readonly paths: DevicePaths;
  readonly properties: PropertyStore;
  readonly identity: DeviceIdentity;
  readonly packages: PackageStore;
  readonly log: LogBuffer;
  readonly vmms: readonly Vmm[];
}

const DEVICE_SECRET = "/data/misc/keystore/virtualization_secret";
/** 30 s on a phone; ten times that on emulated hardware, as Android has it for Cuttlefish. */
const HANGUP_TIMEOUT_MS = 300_000;
/** Another limit, in milliseconds: for tests of the guard, and for machines that are slower still. */
const HANGUP_TIMEOUT_PROPERTY = "hypervisor.virtualizationmanager.hangup_timeout_ms";
/** `1`: VMs continue from a template of their shape instead of booting, where the monitor can do it. */
const TEMPLATES_PROPERTY = "debug.avf.vm_templates";
const MAX_TIMER_MS = 2 ** 31 - 1;

export class VirtualizationService {
  /** Settles when what earlier runs of the service left behind is gone. */
  readonly ready: Promise<void>;
  /** Clients of VMs that live as long as these. */
  readonly attachments = new Attachments();
  readonly #vms = new Map<number, VirtualMachine>();
  /** VMs that no client is attached to (`--daemonize`). */
  readonly #held = new Set<number>();
  readonly #imageLocks = new ImageLocks();
  readonly #relay: VsockRelay;
  readonly #reports: GuestReports;
  readonly #secret: DeviceSecret;
  readonly #cids: Cids;
  readonly #gate = new FreezeGate(() => [
    ...this.list().flatMap((vm) => (vm.vmmPid === undefined ? [] : [vm.vmmPid])),
    ...this.options.vmms.flatMap((vmm) => vmm.helperPids?.() ?? []),
  ]);

  constructor(private readonly options: VirtualizationServiceOptions) {
    const { paths, log, properties } = options;
    // What is prepared takes a VM's memory, and nobody will come for it.
    properties.onChange(TEMPLATES_PROPERTY, () => {
      if (!this.#usesTemplates()) void this.#dropPrepared();
    });
    this.#relay = new VsockRelay(paths.vsockd, (message) => log.write("E", "virtualizationservice", message));
    this.#reports = new GuestReports(this.#relay, paths, log);
    this.#cids = new Cids({ ...options, reports: this.#reports, isTaken: (cid) => this.#vms.has(cid) });
    this.#secret = new DeviceSecret(paths.resolve(DEVICE_SECRET));
    this.ready = this.#clean();
  }

  /** VMs that are not dead yet, by CID. */
  list(): readonly VirtualMachine[] {
    return [...this.#vms.values()].filter(({ state }) => state !== "DEAD").sort((a, b) => a.cid - b.cid);
  }

  /** Allocates a CID and prepares everything but the monitor. Takes over the files of the config. */
  createVm(config: AppVmConfig, streams: VmStreamEnds, requester: Requester): Promise<VirtualMachine> {
    const { paths, identity } = this.options;
    const plan = appVmPlan(config, { paths, release: identity.release, secret: this.#secret });
    return this.#checkAndCreate(plan, streams, requester);
  }

  /** The same for a VM of images that the caller gives. */
  createRawVm(config: RawVmConfig, streams: VmStreamEnds, requester: Requester): Promise<VirtualMachine> {
    return this.#checkAndCreate(rawVmPlan(config, this.#imageLocks), streams, requester);
  }

  /** Keeps a VM although its client goes (`debugHoldVmRef`). */
  hold(vm: VirtualMachine): void {
    this.#held.add(vm.cid);
  }

  /** Gives up a held VM, which ends it; undefined when there is none of that CID (`debugDropVmRef`). */
  drop(cid: number): VirtualMachine | undefined {
    const vm = this.#held.delete(cid) ? this.#vms.get(cid) : undefined;
    void vm?.kill();
    return vm;
  }

  async killAll(): Promise<void> {
    await Promise.all(this.list().map((vm) => vm.kill()));
  }

  /** Lets go of the helper; VMs are the caller's to kill first. */
  close(): void {
    this.#relay.stop();
  }

  /** As a restart of the device does it. What was prepared for a VM to come has its CID. */
  async forgetCids(): Promise<void> {
    await this.#dropPrepared();
    this.#cids.forget();
  }

  /** As if no VM had ever run here: ends those that do. For a device that others will continue from. */
  async forgetVms(): Promise<void> {
    await this.killAll();
    await this.forgetCids();
    await this.#secret.forget();
  }

  /** What the next VM runs on. Throws an Error when there is none, or not the wanted one. */
  async describeVmm(): Promise<{ readonly name: string; readonly version: string }> {
    const vmm = await this.#vmm();
    return { name: vmm.name, version: await vmm.version() };
  }

  /** Stops all monitors, for a snapshot of the device; settles with their number when each thread stands still. */
  async freeze(): Promise<number> {
    this.attachments.hold();
    try {
      return await this.#gate.freeze();
    } catch (error) {
      this.attachments.resume();
      throw error;
    }
  }

  /** The device continues from a snapshot that was taken while VMs stood still: earlier connections are closed. */
  restored(): void {
    this.attachments.orphanAll();
  }

  /** Resumes VMs. Returns how many. */
  thaw(): number {
    this.attachments.resume();
    return this.#gate.thaw();
  }

  async #checkAndCreate(plan: VmPlan, streams: VmStreamEnds, requester: Requester): Promise<VirtualMachine> {
    try {
      plan.check(this.options.packages, requester.uid);
      await this.ready;
      return await this.#create(plan, streams, requester);
    } catch (error) {
      await plan.close();
      throw error;
    }
  }

  async #create(plan: VmPlan, streams: VmStreamEnds, requester: Requester): Promise<VirtualMachine> {
    const { paths, log } = this.options;
    let vm: VirtualMachine | undefined;
    const notify: NotifyGuest = (line) => (vm ? vm.notify(line) : "no such virtual machine");
    const { cid, unlisten } = await this.#cids.allocate(notify);
    const temporaryDirectory = join(SERVICE_FOLDER, String(cid));
    const folder = paths.resolve(temporaryDirectory);
    let made: VmDisks | undefined;
    const release = async (): Promise<void> => {
      this.#held.delete(cid);
      unlisten();
      await plan.close();
      await made?.close();
      await rm(folder, { recursive: true, force: true });
      // Last, for the CID names the folder: until it is gone, no other VM may have it.
      this.#vms.delete(cid);
    };
    try {
      made = await plan.makeDisks({ requester, folder });
      const { disks } = made;
      const { name, protectedVm, reportsBoot, consoleInput } = plan;
      vm = new VirtualMachine({
        ...{ cid, name, protectedVm, requester, temporaryDirectory, streams, log, reportsBoot, consoleInput, release },
        androidRelease: this.options.identity.release,
        launch: async () => {
          const vmm = await this.#vmm();
          for (const other of this.options.vmms) if (other !== vmm) await other.dropPrepared?.();
          const mayRun = (): Promise<void> => this.#gate.open();
          await mayRun();
          return plan.launch(vmm, { cid, folder, disks, fromTemplate: this.#usesTemplates(), mayRun });
        },
        explainEnd: plan.explainEnd,
        nextCid: () => (this.#usesTemplates() ? this.#cids.next() : undefined),
        // A debugger may hold a VM for as long as it likes.
        hangupTimeoutMs: reportsBoot && plan.gdbPort === undefined ? this.#hangupTimeoutMs() : undefined,
      });
      this.#vms.set(cid, vm);
      return vm;
    } catch (error) {
      await release();
      if (error instanceof ServiceError) throw error;
      throw new ServiceError("EX_SERVICE_SPECIFIC", `Failed to prepare the VM: ${describeSystemError(error)}`);
    }
  }

  async #dropPrepared(): Promise<void> {
    for (const vmm of this.options.vmms) await vmm.dropPrepared?.();
  }

  #usesTemplates(): boolean {
    return this.options.properties.get(TEMPLATES_PROPERTY) === "1";
  }

  #hangupTimeoutMs(): number {
    const set = Number(this.options.properties.get(HANGUP_TIMEOUT_PROPERTY));
    return Number.isSafeInteger(set) && set > 0 ? Math.min(set, MAX_TIMER_MS) : HANGUP_TIMEOUT_MS;
  }

  #vmm(): Promise<Vmm> {
    const { vmms, properties } = this.options;
    return selectVmm(vmms, properties.get(VMM_PROPERTY));
  }

  /** The folder is wiped whenever the service starts: no VM survives it. */
  async #clean(): Promise<void> {
    const folder = this.options.paths.resolve(SERVICE_FOLDER);
    await killLeftoverVmms(folder);
    await rm(folder, { recursive: true, force: true });
    await mkdir(join(folder, "common"), { recursive: true });
    this.#reports.start();
  }
}

/** A VM of its own kernel from files of this host: looked at first, then put on the device, then made. */
import { anySignal } from "../../base/async/shared-signal.js";
import type { ImageStore } from "../../provisioning/index.js";
import {
  VirtualMachineConfig,
  VirtualMachineCustomImageConfig,
  VirtualMachineException,
  type VirtualMachine,
} from "../../virtualmachine/index.js";
import type { App } from "../app.js";
import { bootParams, CONSOLE } from "./boot-params.js";
import { lookAtFiles, type Files } from "./look-at-files.js";
import type { CustomVmSpec, HostFile } from "./spec.js";

interface CustomVmSources {
  /** Makes the VM. */
  readonly owner: App;
  readonly images: ImageStore;
  /** Relative paths start here. */
  readonly root: string;
  readonly signal?: (() => AbortSignal | undefined) | undefined;
}

/** A disk has any size. In a test its signal comes first. */
const COPY_TIMEOUT_MS = 60 * 60_000;

const { Builder, Disk, Partition } = VirtualMachineCustomImageConfig;

/**
 * Files are put on the device while the VM is made: each is a row of calls to it.
 * @throws UsageError naming what is wrong with a file, before anything is on the device
 */
export async function makeCustomVm(sources: CustomVmSources, spec: CustomVmSpec): Promise<VirtualMachine> {
  const { owner, images } = sources;
  const name = spec.name ?? "vm1";
  const files = await lookAtFiles(spec, sources);
  const copies = new Copies(`${owner.context.dataFolder}/vm/${name}`);
  const pushes: Promise<void>[] = [];
  const failed = new AbortController();
  const place = async (file: HostFile): Promise<string> => {
    if (typeof file === "object" && "onDevice" in file) return file.onDevice;
    const { path, done } = await images.put(file, { signal: anySignal(sources.signal?.(), failed.signal) });
    pushes.push(done);
    return path;
  };
  try {
    const config = configOf(owner, await imageOf(files, spec, place, copies), spec);
    const vm = await owner.vmm.create(name, config).catch((error: unknown) => {
      throw spec.name === undefined ? explainName(error, name) : error;
    });
    try {
      await Promise.all(pushes);
      const { files: remote } = owner.context.service;
      await copies.make((from, to) =>
        remote.copy(from, to, { timeoutMs: COPY_TIMEOUT_MS, signal: sources.signal?.() }),
      );
    } catch (error) {
      await vm.delete().catch(() => undefined);
      throw error;
    }
    return vm;
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(pushes);
    throw error;
  }
}

/** Android's words do not say where a name came from that nobody gave. */
function explainName(error: unknown, vmName: string): unknown {
  if (!(error instanceof VirtualMachineException) || error.code !== "VM_EXISTS") return error;
  const hint = `customVm() without a name makes "${vmName}"; give each VM its own: customVm({ name: "vm2", … })`;
  return new VirtualMachineException(error.code, error.shortMessage, { vmName, hint, cause: error });
}

/** @param place tells where on the device a file is, or will be */
async function imageOf(
  { kernel, bootloader, initrd, disks }: Files,
  { params }: CustomVmSpec,
  place: (file: HostFile) => Promise<string>,
  copies: Copies,
): Promise<VirtualMachineCustomImageConfig> {
  const builder = new Builder();
  if (kernel !== undefined) builder.setKernelPath(await place(kernel));
  if (bootloader !== undefined) builder.setBootloaderPath(await place(bootloader));
  if (initrd !== undefined) builder.setInitrdPath(await place(initrd));
  if (kernel !== undefined) for (const param of bootParams(params)) builder.addParam(param);
  for (const { file, partitions = [], writable = false } of disks) {
    const path = file === undefined ? null : copies.of(await place(file), writable);
    const disk = writable ? Disk.RWDisk(path) : Disk.RODisk(path);
    for (const part of partitions) {
      const partPath = copies.of(await place(part.file), part.writable === true);
      disk.addPartition(new Partition(part.label, partPath, part.writable === true, part.guid ?? null));
    }
    builder.addDisk(disk);
  }
  return builder.build();
}

function configOf(
  { context }: App,
  image: VirtualMachineCustomImageConfig,
  { memoryBytes, cpus = "one", consoleInput = false }: CustomVmSpec,
): VirtualMachineConfig {
  const { capabilities } = context;
  const builder = new VirtualMachineConfig.Builder(context)
    .setCustomImageConfig(image)
    .setProtectedVm(capabilities !== undefined && !capabilities.nonProtectedVm && capabilities.protectedVm)
    .setDebugLevel(VirtualMachineConfig.DEBUG_LEVEL_FULL)
    .setVmOutputCaptured(true)
    .setVmConsoleInputSupported(consoleInput);
  if (consoleInput) builder.setConsoleInputDevice(CONSOLE);
  if (memoryBytes !== undefined) builder.setMemoryBytes(memoryBytes);
  if (cpus === "all") builder.setCpuTopology(VirtualMachineConfig.CPU_TOPOLOGY_MATCH_HOST);
  return builder.build();
}

/** Disks that a VM writes to are its own, in its folder: what is under the content's name stays as it is. */
class Copies {
  readonly #wanted: { readonly from: string; readonly to: string }[] = [];

  constructor(private readonly folder: string) {}

  of(path: string, writable: boolean): string {
    if (!writable) return path;
    const to = `${this.folder}/disk-${this.#wanted.length}.img`;
    this.#wanted.push({ from: path, to });
    return to;
  }

  async make(copy: (from: string, to: string) => Promise<void>): Promise<void> {
    for (const { from, to } of this.#wanted) await copy(from, to);
  }
}

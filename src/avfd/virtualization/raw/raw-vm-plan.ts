/** VMs of images that the caller gives: a kernel or firmware of their own, and disks (`VirtualMachineRawConfig`). */
import { fstatSync } from "node:fs";
import type { PackageStore } from "../../packages/package-store.js";
import { VM_PERMISSIONS } from "../../packages/package-record.js";
import type { VmmConfig } from "../../vmm/contract.js";
import { checkMemory } from "../../vmm/kernel/boot-memory.js";
import { inspectKernel } from "../../vmm/kernel/inspect.js";
import { VmStartRefusal } from "../../vmm/kernel/start-refusal.js";
import { requirePermission } from "../access-checks.js";
import { DEFAULT_MEMORY_MIB, launchVm } from "../launch-vm.js";
import { ServiceError } from "../service-error.js";
import type { VmPlan } from "../vm-plan.js";
import type { ImageLocks } from "./image-locks.js";
import { initrdProblem } from "./inspect-initrd.js";
import { PLATFORM_VERSION } from "./platform-version.js";
import { makeRawDisks } from "./raw-disks.js";
import { isConsoleDevice, rawFiles, type NamedFile, type RawVmConfig } from "./raw-vm-config.js";

/** Takes over the files of the config. */
export function rawVmPlan(config: RawVmConfig, locks: ImageLocks): VmPlan {
  const { name, protectedVm, gdbPort, consoleInputDevice = "hvc0" } = config;
  let unlock = (): void => undefined;
  return {
    ...{ name, protectedVm, gdbPort },
    reportsBoot: false,
    consoleInput: isConsoleDevice(consoleInputDevice) ? consoleInputDevice : "hvc0",
    check: (packages, uid) => check(packages, uid, config),
    makeDisks: (context) => makeRawDisks(config.disks, context),
    launch: async (vmm, { cid, folder, disks, mayRun }) => {
      checkStart(cid, config);
      unlock = locks.take(cid, config.disks);
      return launchVm(vmm, { cid, folder, disks, mayRun, ...bootConfig(config) });
    },
    explainEnd: async () => {
      const problem = config.initrd && (await initrdProblem(config.initrd.file));
      return problem === undefined ? undefined : `the initrd ${config.initrd?.path} is not whole: ${problem}`;
    },
    close: async () => {
      unlock();
      for (const { file } of rawFiles(config)) await file.close().catch(() => undefined);
    },
  };
}

/** In the order and the words of AOSP's virtualizationmanager/src/aidl.rs, as far as it knows what is refused here. */
function check(packages: PackageStore, uid: number, config: RawVmConfig): void {
  requirePermission(packages, uid, VM_PERMISSIONS.manage);
  requirePermission(packages, uid, VM_PERMISSIONS.useCustom);
  if (config.protectedVm) {
    if (config.gdbPort !== undefined) throw new ServiceError("EX_SECURITY", "Can't use gdb with protected VMs");
    throw new ServiceError("EX_UNSUPPORTED_OPERATION", "Protected VMs are not supported on this device");
  }
  for (const { path, file } of rawFiles(config)) {
    if (fstatSync(file.fd).isDirectory()) throw new ServiceError("EX_SERVICE_SPECIFIC", `${path} is a directory`);
  }
  if (config.cpuCount < 1) throw new ServiceError("EX_ILLEGAL_ARGUMENT", `${config.cpuCount} CPUs are none`);
  const [device] = config.devices;
  if (device !== undefined) {
    const why = `device ${device} cannot be assigned: the emulated device has no assignable devices`;
    throw new ServiceError("EX_UNSUPPORTED_OPERATION", why);
  }
  if (config.usbController) {
    throw new ServiceError("EX_UNSUPPORTED_OPERATION", "VMs of the emulated device have no USB controller");
  }
  if (config.wantsDeviceTree) {
    throw new ServiceError("EX_UNSUPPORTED_OPERATION", "VMs of the emulated device have no device tree");
  }
  if (config.hostServices.length > 0) {
    throw new ServiceError("EX_UNSUPPORTED_OPERATION", "The emulated device has no services for its VMs");
  }
}

/** What Android finds out when the VM is started (virtualizationmanager/src/crosvm.rs). */
function checkStart(cid: number, { platformVersion, consoleInputDevice = "hvc0" }: RawVmConfig): void {
  const refuse = (why: string): never => {
    throw new ServiceError("EX_SERVICE_SPECIFIC", `Error starting VM with CID ${cid}\n\nCaused by:\n    ${why}`);
  };
  if (!platformVersion.isMet) {
    refuse(
      `Incompatible platform version. The config is compatible with platform version(s) ${platformVersion.text}, ` +
        `but the actual platform version is ${PLATFORM_VERSION}`,
    );
  }
  if (!isConsoleDevice(consoleInputDevice)) refuse(`Unsupported serial device ${consoleInputDevice}`);
}

/** Throws `VmStartRefusal` for what no monitor could start. */
function bootConfig(
  config: RawVmConfig,
): Pick<
  VmmConfig,
  | "kernelPath"
  | "initrdPath"
  | "firmwarePath"
  | "kernelParams"
  | "memoryMib"
  | "cpuCount"
  | "gdbPort"
  | "consoleInput"
  | "anyGuest"
> {
  const { kernel, initrd, bootloader, params = "", cpuCount, gdbPort, consoleInputDevice } = config;
  const memoryMib = config.memoryMib === 0 ? DEFAULT_MEMORY_MIB : config.memoryMib;
  const kernelParams = params === "" ? [] : [params];
  if (kernel) checkKernel(kernel, initrd, params, memoryMib);
  return {
    kernelPath: kernel && openPath(kernel),
    initrdPath: initrd && openPath(initrd),
    firmwarePath: bootloader && openPath(bootloader),
    ...{ kernelParams, memoryMib, cpuCount, gdbPort, anyGuest: true },
    consoleInput: consoleInputDevice === "ttyS0" ? "ttyS0" : "hvc0",
  };
}

function checkKernel(kernel: NamedFile, initrd: NamedFile | undefined, params: string, memoryMib: number): void {
  const found = inspectKernel(kernel.file.fd, kernel.path);
  const paramsBytes = Buffer.byteLength(params) + PARAMS_OF_MONITORS_BYTES;
  if (paramsBytes > found.maxParamsBytes) {
    throw new VmStartRefusal(
      `failed to load the kernel ${kernel.path}: its command line has ${paramsBytes} bytes with the monitor's own ` +
        `parameters, at most ${found.maxParamsBytes}`,
    );
  }
  checkMemory(found, initrd === undefined ? 0 : fstatSync(initrd.file.fd).size, memoryMib);
}

/** `panic=-1 reboot=t`, which come first. */
const PARAMS_OF_MONITORS_BYTES = 20;

/** Of our own descriptor: the path that led to it may lead elsewhere by now, and the monitor has other rights. */
function openPath({ file }: NamedFile): string {
  return `/proc/${process.pid}/fd/${file.fd}`;
}

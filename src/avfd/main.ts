/** avfd: the one long-lived service of the emulated device. It owns properties, packages, the log and all VMs. */
import { describeError } from "../base/errors.js";
import { deviceCommands } from "./commands/index.js";
import { serveControl } from "./control/channel.js";
import { controlRequests } from "./control/requests.js";
import type { Device } from "./device.js";
import { devicePaths, type DevicePaths } from "./device-paths.js";
import { LogBuffer } from "./log/log-buffer.js";
import { Installer } from "./packages/installer.js";
import { systemPackages } from "./packages/package-record.js";
import { PackageStore } from "./packages/package-store.js";
import { DeviceIdentity } from "./properties/device-identity.js";
import { readDeviceFacts } from "./properties/device-properties.js";
import { PropertyStore } from "./properties/property-store.js";
import { DEFAULT_RELEASE, SDK_OF_RELEASE } from "./releases.js";
import { listen } from "./server.js";
import { VirtualizationService } from "./virtualization/virtualization-service.js";
import { qemuVmm } from "./vmm/qemu/qemu.js";

async function main(): Promise<void> {
  const paths = devicePaths(process.env);
  const device = createDevice(paths);
  const { log } = device;
  // One command that goes wrong in a way nobody thought of must not take the VMs of others down.
  process.on("uncaughtException", (error) => log.write("E", "avfd", `uncaught: ${error.stack ?? error.message}`));
  process.on("unhandledRejection", (reason) => log.write("E", "avfd", `unhandled: ${describeError(reason)}`));
  await device.virtualization.ready;
  await listen(paths.socket, deviceCommands(device));
  log.write("I", "avfd", `listening at ${paths.socket}`);
  const stopped = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      stopped.abort();
      void device.virtualization.killAll().finally(() => process.exit(0));
    });
  }
  if (paths.control !== undefined) await serveControl(paths.control, controlRequests(device), stopped.signal);
}

function createDevice(paths: DevicePaths): Device {
  const log = new LogBuffer();
  const properties = new PropertyStore(paths.resolve("/data/property/persistent_properties.json"));
  const identity = new DeviceIdentity(properties, readDeviceFacts(DEFAULT_RELEASE, paths.resolve("/dev/kvm")));
  const sdk = (): number => SDK_OF_RELEASE[identity.release];
  const packages = new PackageStore(paths.resolve("/data/system/packages.json"), systemPackages(sdk()));
  const installer = new Installer(paths, packages, log, () => ({ sdk: sdk(), abi: "x86_64" }));
  const vmms = [
    qemuVmm({
      program: paths.resolve("/usr/bin/qemu-system-x86_64"),
      neededDevices: ["/dev/kvm", "/dev/vhost-vsock"].map((device) => paths.resolve(device)),
    }),
  ];
  const virtualization = new VirtualizationService({ paths, properties, identity, packages, log, vmms });
  return { paths, properties, identity, log, packages, installer, virtualization };
}

void main().catch((error: unknown) => {
  process.stderr.write(`avfd: ${describeError(error)}\n`);
  process.exitCode = 1;
});

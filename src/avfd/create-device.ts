/** Puts the parts of the device together. */
import { existsSync } from "node:fs";
import { DEFAULT_RELEASE, traitsOf } from "../base/android-release.js";
import type { Monitor } from "../base/vm/monitors.js";
import { followAdbRoot } from "./control/adbd-user.js";
import type { Device } from "./device.js";
import { ADBD_USER, CROSVM, CROSVM_DIGEST, type DevicePaths } from "./device-paths.js";
import { LogBuffer } from "./log/log-buffer.js";
import { Installer } from "./packages/installer.js";
import { KnownApks } from "./packages/known-apks.js";
import { systemPackages } from "./packages/package-record.js";
import { PackageStore } from "./packages/package-store.js";
import { DeviceIdentity, isIdentityState } from "./properties/device-identity.js";
import { readDeviceFacts } from "./properties/device-properties.js";
import { PropertyStore } from "./properties/property-store.js";
import { VirtualizationService } from "./virtualization/virtualization-service.js";
import { isTextMap, VolatileState } from "./volatile-state.js";
import type { Vmm } from "./vmm/contract.js";
import { crosvmVmm } from "./vmm/crosvm/crosvm.js";
import { qemuVmm } from "./vmm/qemu/qemu.js";

/** @param vmms to choose from, best first; default: those that this device may have */
export function createDevice(paths: DevicePaths, vmms: readonly Vmm[] = deviceVmms(paths)): Device {
  const log = new LogBuffer();
  const properties = new PropertyStore(
    paths.resolve("/data/property/persistent_properties.json"),
    new VolatileState(paths.resolve("/run/avfd/properties.json"), isTextMap),
  );
  followAdbRoot(properties, paths.resolve(ADBD_USER));
  const identity = new DeviceIdentity(
    properties,
    readDeviceFacts(DEFAULT_RELEASE, paths.resolve("/dev/kvm")),
    new VolatileState(paths.resolve("/run/avfd/identity.json"), isIdentityState),
  );
  const sdk = (): number => traitsOf(identity.release).sdk;
  const packages = new PackageStore(paths.resolve("/data/system/packages.json"), systemPackages(sdk()), (codePath) =>
    existsSync(paths.resolve(codePath)),
  );
  const installer = new Installer(paths, packages, log, () => ({
    sdk: sdk(),
    abi: "x86_64",
    codenames: activeCodenames(properties.get("ro.build.version.all_codenames")),
  }));
  const virtualization = new VirtualizationService({ paths, properties, identity, packages, log, vmms });
  const knownApks = new KnownApks();
  return { paths, properties, identity, log, packages, installer, knownApks, virtualization };
}

/** Build.VERSION.ACTIVE_CODENAMES: a release says `REL`. */
function activeCodenames(list = "REL"): readonly string[] {
  const names = list.split(",");
  return names[0] === "REL" ? [] : names;
}

function deviceVmms(paths: DevicePaths): readonly Vmm[] {
  const neededDevices = ["/dev/kvm", "/dev/vhost-vsock"].map((device) => paths.resolve(device));
  const launcher = paths.devctl;
  // Best first.
  const vmms: { readonly [Name in Monitor]: Vmm<Name> } = {
    crosvm: crosvmVmm({
      ...{ program: paths.resolve(CROSVM), digestFile: paths.resolve(CROSVM_DIGEST) },
      ...{ neededDevices, launcher },
    }),
    qemu: qemuVmm({ program: paths.resolve("/usr/bin/qemu-system-x86_64"), neededDevices, launcher }),
  };
  return Object.values(vmms);
}

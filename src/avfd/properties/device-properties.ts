/** The properties a device starts with: what AVF's tests and tools read (AOSP vm/src/main.rs, tests/hostside). */
import { existsSync } from "node:fs";
import { hostname, release as kernelRelease } from "node:os";
import { traitsOf, type AndroidRelease } from "../../base/android-release.js";

export interface DeviceFacts {
  readonly release: AndroidRelease;
  readonly kernelRelease: string;
  readonly hasKvm: boolean;
  readonly serial: string;
}

export function readDeviceFacts(release: AndroidRelease, kvmPath = "/dev/kvm"): DeviceFacts {
  return { release, kernelRelease: kernelRelease(), hasKvm: existsSync(kvmPath), serial: hostname() };
}

export function deviceProperties(facts: DeviceFacts): ReadonlyMap<string, string> {
  const { sdk, build } = traitsOf(facts.release);
  const product = "avf_x86_64";
  return new Map(
    Object.entries({
      "ro.build.version.sdk": String(sdk),
      "ro.build.version.release": String(facts.release),
      "ro.build.version.release_or_codename": String(facts.release),
      "ro.build.version.codename": "REL",
      "ro.build.version.all_codenames": "REL",
      "ro.build.version.incremental": "1",
      "ro.build.version.security_patch": build.securityPatch,
      "ro.build.id": build.id,
      "ro.build.type": "userdebug",
      "ro.build.tags": "test-keys",
      "ro.build.fingerprint": `jest-avf/${product}/${product}:${facts.release}/${build.id}/1:userdebug/test-keys`,
      "ro.product.first_api_level": String(sdk),
      "ro.board.api_level": String(build.boardApiLevel),
      "ro.product.name": product,
      "ro.product.model": "AVF emulated device",
      "ro.product.brand": "jest-avf",
      "ro.product.manufacturer": "jest-avf",
      "ro.product.device": product,
      "ro.product.vendor.device": product,
      "ro.product.cpu.abi": "x86_64",
      "ro.product.cpu.abilist": "x86_64",
      "ro.product.cpu.abilist64": "x86_64",
      "ro.product.cpu.abilist32": "",
      "ro.hardware": "avf",
      "ro.bootmode": "unknown",
      "ro.serialno": facts.serial,
      "ro.boot.serialno": facts.serial,
      "ro.boot.hardware": "avf",
      "ro.boot.verifiedbootstate": "orange",
      "ro.boot.hypervisor.vm.supported": facts.hasKvm ? "1" : "0",
      "ro.boot.hypervisor.protected_vm.supported": "0",
      ...(facts.hasKvm ? { "ro.boot.hypervisor.version": "kvm" } : {}),
      "ro.kernel.version": facts.kernelRelease.split(".").slice(0, 2).join("."),
      "ro.apex.updatable": "true",
      "ro.debuggable": "1",
      "ro.secure": "1",
      "ro.adb.secure": "0",
      "ro.crypto.state": "unencrypted",
      "ro.zygote": "zygote64",
      "persist.sys.usb.config": "adb",
      "persist.sys.timezone": "GMT",
      "service.adb.tcp.port": "5555",
      "init.svc.adbd": "running",
      "init.svc.virtualizationservice": "running",
      "dev.bootcomplete": "1",
      "sys.boot_completed": "1",
    }),
  );
}

/** App VMs: Microdroid with a payload from an APK. */
import { readFileSync } from "node:fs";
import type { AndroidRelease } from "../../base/android-release.js";
import { GUEST_IMAGES, type DevicePaths } from "../device-paths.js";
import { checkBootMemory } from "../vmm/kernel/boot-memory.js";
import { checkAccess } from "./access-checks.js";
import type { DeviceSecret } from "./device-secret.js";
import { kernelParams } from "./channels/guest-boot.js";
import { DEFAULT_MEMORY_MIB, launchVm } from "./launch-vm.js";
import type { AppVmConfig } from "./vm-config.js";
import { makeVmDisks } from "./disks/vm-disks.js";
import type { VmPlan } from "./vm-plan.js";

const KERNEL = `${GUEST_IMAGES}/microdroid_kernel`;
const INITRD = `${GUEST_IMAGES}/microdroid_initrd.img`;
const SYSTEM_IMAGE = `${GUEST_IMAGES}/microdroid_system.img`;
const KERNEL_PARAMETERS = `${GUEST_IMAGES}/microdroid_cmdline`;
/** In memory: a template is of this kernel and this processor, and nothing to keep. */
const TEMPLATES = "/run/avfd/vm-templates";

interface AppVmContext {
  readonly paths: DevicePaths;
  readonly release: AndroidRelease;
  readonly secret: DeviceSecret;
}

/** Takes over the files of the config. */
export function appVmPlan(config: AppVmConfig, { paths, release, secret }: AppVmContext): VmPlan {
  return {
    name: config.name,
    protectedVm: config.protectedVm,
    reportsBoot: true,
    gdbPort: config.gdbPort,
    consoleInput: "hvc0",
    check: (packages, uid) => checkAccess(packages, config, { uid, release }),
    makeDisks: async (context) =>
      makeVmDisks({
        ...{ config, release, ...context },
        systemImage: paths.resolve(SYSTEM_IMAGE),
        deviceSecret: await secret.get(),
      }),
    launch: (vmm, { fromTemplate, ...context }) => {
      const kernelPath = paths.resolve(KERNEL);
      const initrdPath = paths.resolve(INITRD);
      const memoryMib = config.memoryMib === 0 ? DEFAULT_MEMORY_MIB : config.memoryMib;
      checkBootMemory(kernelPath, initrdPath, memoryMib);
      return launchVm(vmm, {
        ...context,
        ...{ kernelPath, initrdPath, memoryMib },
        kernelParams: kernelParams(config, readFileSync(paths.resolve(KERNEL_PARAMETERS), "utf8")),
        // As many as are asked for, as Android's service has it: also more than the device has.
        cpuCount: config.cpuCount,
        gdbPort: config.gdbPort,
        templateFolder: fromTemplate ? paths.resolve(TEMPLATES) : undefined,
      });
    },
    close: async () => {
      const extra = config.extraApks.flatMap(({ apk, idsig }) => [apk, idsig]);
      const files = [config.apk, config.idsig, config.instanceImage, config.encryptedStorage, ...extra];
      for (const file of files) await file?.close().catch(() => undefined);
    },
  };
}

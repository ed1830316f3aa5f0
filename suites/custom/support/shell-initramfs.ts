/** An initramfs of a shell and a script, made from the device's own busybox. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestDevice } from "jest-avf";
import { buildInitramfs } from "jest-avf/apk";

/** Debian's cloud kernel, as the emulated device boots its VMs with it. */
export const KERNEL = { onDevice: "/apex/com.android.virt/etc/fs/microdroid_kernel" };

/** @param script lines for the shell, run by the first process; then the VM powers off */
export async function shellInitramfs(device: TestDevice, script: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "avf-busybox-"));
  try {
    const path = join(folder, "busybox");
    await device.pull("/system/bin/busybox", path);
    return await buildInitramfs({
      files: {
        init: `#!/bin/busybox sh\n/bin/busybox --install -s /bin\nmkdir -p /proc /sys\nmount -t proc proc /proc\nmount -t sysfs sysfs /sys\n${script}\npoweroff -f\n`,
        "bin/busybox": { content: await readFile(path), mode: 0o755 },
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same with the modules that Microdroid has, and the driver of disks loaded: they are `/dev/vda` and so on. */
export async function diskInitramfs(device: TestDevice, script: string): Promise<Buffer> {
  const modules = await device.readFile("/apex/com.android.virt/etc/fs/microdroid_initrd.img");
  const own = await shellInitramfs(device, `mount -t devtmpfs dev /dev\ninsmod /modules/virtio_blk.ko\n${script}`);
  // The kernel unpacks both, and what comes later takes the place of what came before.
  return Buffer.concat([modules ?? Buffer.alloc(0), own]);
}

/** Modules of the distributor's kernel that the guest loads, in the order in which they need each other. */
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { InfrastructureError } from "../base/errors.js";
import { run } from "../process/run.js";

/**
 * Groups that lie in the initramfs: whatever every VM loads. Read from there they are copied in memory; read from the
 * system disk each piece would be an exit to the VMM, which took longer than the bigger initramfs does.
 */
export const initramfsModules = {
  panic: ["pvpanic", "pvpanic-mmio"],
  "panic-pci": ["pvpanic-pci"],
  virtio: ["virtio_ring", "virtio"],
  "virtio-mmio": ["virtio_mmio"],
  "virtio-pci": ["virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci"],
  "disks-and-consoles": ["virtio_blk", "virtio_console"],
  vsock: ["vsock", "vmw_vsock_virtio_transport_common", "vmw_vsock_virtio_transport"],
  fuse: ["fuse"],
  verity: ["loop", "dm-mod", "dm-bufio", "dm-zero", "reed_solomon", "dm-verity"],
} as const;

/** Groups that lie on the system disk: what only some VMs load. */
export const systemModules = {
  storage: ["dm-mod", "ecb", "xts", "dm-crypt"],
} as const;

export type ModuleGroups = Readonly<Record<string, readonly string[]>>;

/** Paths of all modules of an unpacked kernel package, by name. Names use `_`, as the kernel does. */
export async function findModules(packagesRoot: string, kernelVersion: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const folder of ["lib/modules", "usr/lib/modules"]) {
    const root = join(packagesRoot, folder, kernelVersion);
    const files = await readdir(root, { recursive: true }).catch(() => []);
    for (const file of files) {
      const name = /([^/]+)\.ko$/.exec(file)?.[1];
      if (name !== undefined) found.set(name.replaceAll("-", "_"), join(root, file));
    }
  }
  if (found.size === 0) {
    throw new InfrastructureError(
      "KERNEL_MODULES_MISSING",
      `The kernel package ${kernelVersion} below ${packagesRoot} holds no uncompressed modules (*.ko).`,
      { hint: "npx avf setup downloads and unpacks it anew" },
    );
  }
  return found;
}

/**
 * Copies the modules that we load without signatures and type information. The guest's kernel wants neither, but would
 * check and parse both, and under nested emulation a hash over 400 KB and an RSA signature take their time.
 */
export async function stripModules(
  modules: ReadonlyMap<string, string>,
  folder: string,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  await mkdir(folder, { recursive: true });
  const stripped = new Map<string, string>();
  for (const name of Object.values({ ...initramfsModules, ...systemModules }).flat()) {
    const path = join(folder, `${name}.ko`);
    // Rewriting the file drops the signature, which lies behind its end.
    await run(["objcopy", "--strip-unneeded", "--remove-section=.BTF", modulePath(modules, name), path], { signal });
    stripped.set(name.replaceAll("-", "_"), path);
  }
  return stripped;
}

export function modulePath(modules: ReadonlyMap<string, string>, name: string): string {
  const path = modules.get(name.replaceAll("-", "_"));
  if (path !== undefined) return path;
  throw new InfrastructureError("KERNEL_MODULE_MISSING", `The kernel package has no module ${name}.`, {
    hint: "the guest is known to work with Debian's linux-image-cloud-amd64 of bookworm",
  });
}

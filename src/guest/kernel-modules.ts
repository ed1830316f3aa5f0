/** Modules of the distributor's kernel that the guest loads, in the order in which they need each other. */
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { filesBelow } from "../base/files/files-below.js";
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

/** The modules of an unpacked kernel package. Names may have `-` or `_`, as for the kernel. */
class KernelModules {
  readonly #unpacked = new Map<string, string>();

  /** Exported for tests; others get one from `findModules`. */
  constructor(
    private readonly files: ReadonlyMap<string, string>,
    private readonly builtIn: ReadonlySet<string>,
    private readonly options: {
      readonly workFolder: string;
      readonly xz: string;
      readonly signal?: AbortSignal | undefined;
    },
  ) {}

  /**
   * Files of the wanted modules and of all they depend on, by name, dependencies first. What the kernel has built in is
   * left out.
   */
  async inOrder(wanted: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const ordered = new Map<string, string>();
    const visit = async (name: string): Promise<void> => {
      const plain = plainName(name);
      if (ordered.has(plain) || this.builtIn.has(plain)) return;
      const file = await this.#file(plain);
      for (const dependency of dependenciesOf(await readFile(file))) await visit(dependency);
      ordered.set(plain, file);
    };
    for (const name of wanted) await visit(name);
    return ordered;
  }

  /** Uncompressed. */
  async #file(name: string): Promise<string> {
    const path = this.files.get(name);
    if (path === undefined) {
      throw new InfrastructureError("KERNEL_MODULE_MISSING", `The kernel package has no module ${name}.`, {
        hint: "the device is known to work with Debian's linux-image-cloud-amd64 of trixie",
      });
    }
    if (path.endsWith(".ko")) return path;
    const known = this.#unpacked.get(name);
    if (known !== undefined) return known;
    const { workFolder, xz, signal } = this.options;
    await mkdir(workFolder, { recursive: true });
    const file = join(workFolder, `${name}.ko`);
    await copyFile(path, `${file}.xz`);
    await run([xz, "--decompress", "--force", `${file}.xz`], { signal });
    this.#unpacked.set(name, file);
    return file;
  }
}

/** @param workFolder for modules that are compressed in the package */
export async function findModules(
  packagesRoot: string,
  kernelVersion: string,
  options: { readonly workFolder: string; readonly xz: string; readonly signal?: AbortSignal | undefined },
): Promise<KernelModules> {
  const found = new Map<string, string>();
  const builtIn = new Set<string>();
  for (const folder of ["lib/modules", "usr/lib/modules"]) {
    const root = join(packagesRoot, folder, kernelVersion);
    // Debian's packages have it in one of the two.
    for (const file of existsSync(root) ? filesBelow(root) : []) {
      const name = /([^/]+)\.ko(\.xz)?$/.exec(file)?.[1];
      if (name !== undefined) found.set(plainName(name), join(root, file));
    }
    const list = await readFile(join(root, "modules.builtin"), "utf8").catch(() => "");
    for (const [, name = ""] of list.matchAll(/([^/\n]+)\.ko$/gm)) builtIn.add(plainName(name));
  }
  if (found.size > 0) return new KernelModules(found, builtIn, options);
  throw new InfrastructureError(
    "KERNEL_MODULES_MISSING",
    `The kernel package ${kernelVersion} below ${packagesRoot} holds no modules (*.ko, *.ko.xz).`,
    { hint: "npx avf setup --fresh downloads and unpacks it again" },
  );
}

export interface GuestModules {
  /** Names of each group's modules with all they depend on, in the order in which they are loaded. */
  readonly groups: Readonly<Record<keyof typeof initramfsModules | keyof typeof systemModules, readonly string[]>>;
  /** File of each. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * Copies the modules that the guest loads without signatures and type information. Its kernel wants neither, but would
 * check and parse both, and under nested emulation a hash over 400 KB and an RSA signature take their time.
 */
export async function stripModules(
  modules: KernelModules,
  folder: string,
  objcopy: string,
  signal?: AbortSignal,
): Promise<GuestModules> {
  await mkdir(folder, { recursive: true });
  const files = new Map<string, string>();
  const groups: Record<string, readonly string[]> = {};
  for (const [group, wanted] of Object.entries({ ...initramfsModules, ...systemModules })) {
    const inOrder = await modules.inOrder(wanted);
    groups[group] = [...inOrder.keys()];
    for (const [name, file] of inOrder) {
      if (files.has(name)) continue;
      const path = join(folder, `${name}.stripped.ko`);
      // Rewriting the file drops the signature, which lies behind its end.
      await run([objcopy, "--strip-unneeded", "--remove-section=.BTF", file, path], { signal });
      files.set(name, path);
    }
  }
  return { groups: groups as GuestModules["groups"], files };
}

/** The module says it itself: `depends=a,b` among the NUL-separated strings of its .modinfo section. */
function dependenciesOf(module: Buffer): readonly string[] {
  const list = /\0depends=([^\0]*)\0/.exec(module.toString("latin1"))?.[1] ?? "";
  return list.split(",").filter((name) => name !== "");
}

function plainName(name: string): string {
  return name.replaceAll("-", "_");
}

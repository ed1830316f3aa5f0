/**
 * VMs that others are copied from. A guest is frozen once its kernel is up and its drivers are loaded, before it looks
 * at a disk, at its CID or at anything else that is its own (guest/init/template.c); a VM of the same shape goes on from
 * there, with its own disks and CID and with the template's memory copy-on-write.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { VmmConfig, VmmProcess } from "../contract.js";
import { controlFd } from "../monitor-process.js";
import type { QemuMonitor } from "./monitor.js";
import type { MemoryFile } from "./qemu-args.js";

/** A QEMU with its monitor, as the caller starts it. */
export interface RunningQemu {
  readonly process: VmmProcess;
  readonly monitor: QemuMonitor;
  /** Both ways: the guest of a template waits there. */
  readonly failurePort: Duplex;
}

export type StartQemu = (config: VmmConfig, memory: MemoryFile, stateFd?: number) => Promise<RunningQemu>;

const READY = "AVF_TEMPLATE_READY";
const TEMPLATE_PARAMETER = "avf.template=1";
/** Of a boot up to there; under nested emulation and load it takes many times its 2 s. */
const BOOT_TIMEOUT_MS = 120_000;
const COMMAND_TIMEOUT_MS = 30_000;
/** A template takes some 60 MB of the device's memory. */
const MAX_TEMPLATES = 4;

export class QemuTemplates {
  readonly #own = new Set<RunningQemu>();
  readonly #making = new Map<string, Promise<string>>();

  /** @param start starts a QEMU that boots, or, with a descriptor of a state, one that waits for a `migrate-incoming` of it */
  constructor(private readonly start: StartQemu) {}

  /** Of each QEMU here that has not been handed over as a VM. */
  pids(): readonly number[] {
    return [...this.#own].map(({ process }) => process.pid);
  }

  /**
   * Starts the VM as a copy of the template for its shape, which is made when there is none yet.
   * @throws Error when that cannot be done; then nothing of it runs, and the VM may still be booted
   */
  async resume(config: VmmConfig, folder: string): Promise<VmmProcess> {
    const shape = { ...config, kernelParams: [...config.kernelParams, TEMPLATE_PARAMETER] };
    const template = await this.#template(shape, folder);
    const state = await open(join(template, "state"), "r");
    try {
      const qemu = await this.start(shape, { path: join(template, "memory"), shared: false }, state.fd);
      this.#own.add(qemu);
      try {
        await withTimeout("the copy of a template to run", COMMAND_TIMEOUT_MS, qemu, async () => {
          await migrated(qemu.monitor, "migrate-incoming", `fd:${controlFd(shape.disks) + 1}`);
          await qemu.monitor.execute("cont");
        });
        qemu.failurePort.write(`resume ${Date.now()}\n`);
        return qemu.process;
      } catch (error) {
        await end(qemu);
        throw error;
      } finally {
        this.#own.delete(qemu);
      }
    } finally {
      await state.close();
    }
  }

  /** Folder of the template; several VMs that want the same one wait for the one that makes it. */
  async #template(shape: VmmConfig, folder: string): Promise<string> {
    const path = join(folder, shapeKey(shape));
    const making = this.#making.get(path) ?? this.#findOrMake(shape, folder, path);
    this.#making.set(path, making);
    try {
      return await making;
    } finally {
      this.#making.delete(path);
    }
  }

  async #findOrMake(shape: VmmConfig, folder: string, path: string): Promise<string> {
    if (existsSync(path)) {
      const now = new Date();
      await utimes(path, now, now);
      return path;
    }
    await dropOldest(folder, MAX_TEMPLATES - 1);
    const draft = `${path}.tmp`;
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { recursive: true, mode: 0o700 });
    try {
      await this.#make(shape, draft);
      await rename(draft, path);
      return path;
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      throw error;
    }
  }

  async #make(shape: VmmConfig, draft: string): Promise<void> {
    const qemu = await this.start(shape, { path: join(draft, "memory"), shared: true });
    this.#own.add(qemu);
    try {
      await withTimeout("a template to boot", BOOT_TIMEOUT_MS, qemu, () => textOn(qemu.failurePort, READY));
      await withTimeout("a template to be saved", COMMAND_TIMEOUT_MS, qemu, async () => {
        await qemu.monitor.execute("stop");
        // The path is made of hexadecimal digits and our own names.
        await migrated(qemu.monitor, "migrate", `exec:cat >${join(draft, "state")}`);
      });
    } finally {
      await end(qemu);
      this.#own.delete(qemu);
    }
  }
}

/** All that the guest has seen by then; disks only by their number, which is that of the machine's devices. */
function shapeKey({ kernelPath, initrdPath, kernelParams, memoryMib, cpuCount, disks }: VmmConfig): string {
  const seen = { kernelPath, initrdPath, kernelParams, memoryMib, cpuCount, disks: disks.length };
  return createHash("sha256").update(JSON.stringify(seen)).digest("hex").slice(0, 16);
}

/** A QEMU that maps the file of a removed template keeps it. */
async function dropOldest(folder: string, keep: number): Promise<void> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => !name.endsWith(".tmp"));
  const aged = await Promise.all(
    names.map(async (name) => ({ name, usedMs: (await stat(join(folder, name))).mtimeMs })),
  );
  const oldest = aged.sort((a, b) => a.usedMs - b.usedMs).slice(0, Math.max(0, aged.length - keep));
  for (const { name } of oldest) await rm(join(folder, name), { recursive: true, force: true });
}

/** Saves or loads all but the memory, which lies in its file. */
async function migrated(monitor: QemuMonitor, command: "migrate" | "migrate-incoming", uri: string): Promise<void> {
  const capabilities = ["x-ignore-shared", "events"].map((capability) => ({ capability, state: true }));
  await monitor.execute("migrate-set-capabilities", { capabilities });
  const over = monitor.event("MIGRATION", ({ status }) => status === "completed" || status === "failed");
  await monitor.execute(command, { uri });
  if ((await over)["status"] === "failed") throw new Error(`QEMU failed to ${command}`);
}

function textOn(port: Duplex, text: string): Promise<void> {
  return new Promise((resolve) => {
    let seen = "";
    port.on("data", (chunk: Buffer) => {
      seen = (seen + chunk.toString("latin1")).slice(-1024);
      if (seen.includes(text)) resolve();
    });
  });
}

/** Fails at once when QEMU ends. */
async function withTimeout<T>(
  what: string,
  timeoutMs: number,
  { process }: RunningQemu,
  work: () => Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${timeoutMs / 1000} s for ${what}`)), timeoutMs);
    void process.ended.then(({ kind }) => reject(new Error(`QEMU ended (${kind}) while we waited for ${what}`)));
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function end({ process }: RunningQemu): Promise<void> {
  process.kill();
  await process.ended;
}

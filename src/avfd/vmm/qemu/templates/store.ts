/**
 * VMs that others are copied from, as files. A guest is frozen once its kernel is up and its drivers have found their
 * devices, before it uses anything that is its own (guest/init/template.c).
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Duplex } from "node:stream";
import { COMMAND_TIMEOUT_MS, end, migrated, withTimeout, type RunningQemu, type StartQemu } from "./running.js";
import { checkRoom } from "./room.js";
import type { Shape } from "./shape.js";

/** Files of a template, by name in its folder. */
export const TEMPLATE_FILES = { state: "state", diskBytes: "disk-bytes.json" } as const;

/**
 * Beside the templates: their memory, in a file system of large pages where there is one (the image's init.sh). Copies
 * have the pages in common which they only read, so that the emulator need not translate the code in them for each; and
 * each page that a guest touches first is an exit, of which large pages have few.
 */
const MEMORY_FOLDER = "memory";
const KEY = /^[0-9a-f]{16}$/;

/** To its end: copies would send what is left of it before their reason to end. */
const READY = "AVF_TEMPLATE_READY\n";
/** Of a boot up to there; under nested emulation and load it takes many times its 2 s. */
const BOOT_TIMEOUT_MS = 120_000;
/** A template takes some 100 MB of the device's memory. */
const MAX_TEMPLATES = 4;
/**
 * Between a VM's CID and that of a template which is made for it: QEMU tells a guest that continues with another CID, which
 * breaks its connections, so the guest waits for that before it makes any.
 */
const TEMPLATE_CIDS = 2 ** 30;

/** Paths of what a template consists of. */
export interface Template {
  readonly folder: string;
  /** The file that is its memory. */
  readonly memory: string;
}

export class TemplateStore {
  readonly #own = new Set<RunningQemu>();
  readonly #making = new Map<string, Promise<Template>>();

  constructor(private readonly start: StartQemu) {}

  /** Of QEMUs that run here. */
  pids(): readonly number[] {
    return [...this.#own].map(({ process }) => process.pid);
  }

  /** The template of a shape; undefined when there is none. */
  find({ key }: Shape, folder: string): Template | undefined {
    const template = templateIn(folder, key);
    return existsSync(template.folder) ? template : undefined;
  }

  /**
   * The template of a shape, which is made when there is none yet; several VMs that want the same one wait for
   * the one that makes it. Throws an Error when that cannot be done; then nothing of it is left.
   */
  async findOrMake(shape: Shape, folder: string): Promise<Template> {
    const template = templateIn(folder, shape.key);
    const making = this.#making.get(template.folder) ?? this.#findOrMake(shape, folder, template);
    this.#making.set(template.folder, making);
    try {
      return await making;
    } finally {
      this.#making.delete(template.folder);
    }
  }

  async #findOrMake(shape: Shape, folder: string, template: Template): Promise<Template> {
    if (existsSync(template.folder)) {
      const now = new Date();
      await utimes(template.folder, now, now);
      return template;
    }
    await dropOldest(folder, MAX_TEMPLATES - 1);
    const draft = { ...template, folder: `${template.folder}.tmp` };
    await remove(draft);
    for (const each of [draft.folder, dirname(draft.memory)]) await mkdir(each, { recursive: true, mode: 0o700 });
    try {
      await this.#make(shape, draft);
      await rename(draft.folder, template.folder);
      return template;
    } catch (error) {
      await remove(draft);
      throw error;
    }
  }

  async #make({ config, diskBytes }: Shape, { folder, memory }: Template): Promise<void> {
    await checkRoom(config.memoryMib);
    await writeFile(join(folder, TEMPLATE_FILES.diskBytes), JSON.stringify(diskBytes));
    const own = { ...config, cid: config.cid + TEMPLATE_CIDS };
    await config.mayRun?.();
    const qemu = await this.start(own, { path: memory, use: "template" });
    this.#own.add(qemu);
    try {
      await withTimeout("a template to boot", BOOT_TIMEOUT_MS, qemu, () => textOn(qemu.failurePort, READY));
      await withTimeout("a template to be saved", COMMAND_TIMEOUT_MS, qemu, async () => {
        await qemu.qmp.execute("stop");
        // The path is made of hexadecimal digits and our own names.
        await migrated(qemu.qmp, "migrate", `exec:cat >${join(folder, TEMPLATE_FILES.state)}`);
      });
    } finally {
      await end(qemu);
      this.#own.delete(qemu);
    }
  }
}

function templateIn(folder: string, key: string): Template {
  return { folder: join(folder, key), memory: join(folder, MEMORY_FOLDER, key) };
}

/** A QEMU that maps the file of a removed template keeps it. */
async function remove({ folder, memory }: Template): Promise<void> {
  for (const each of [folder, memory]) await rm(each, { recursive: true, force: true });
}

async function dropOldest(folder: string, keep: number): Promise<void> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => KEY.test(name));
  const aged = await Promise.all(
    names.map(async (name) => ({ name, usedMs: (await stat(join(folder, name))).mtimeMs })),
  );
  const oldest = aged.sort((a, b) => a.usedMs - b.usedMs).slice(0, Math.max(0, aged.length - keep));
  for (const { name } of oldest) await remove(templateIn(folder, name));
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

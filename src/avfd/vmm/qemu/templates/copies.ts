/**
 * VMs that go on from a template of their shape, with its memory copy-on-write. What a copy needs before it can run (a QEMU
 * with the state loaded) has nothing of its VM in it but the CID; its disks come last. So while one VM runs, the next one
 * of the same shape is prepared, under the CID that it will have.
 */
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { VmmConfig, VmmDisk, VmmProcess } from "../../contract.js";
import { controlFd } from "../../monitor-process.js";
import { diskNode } from "../qemu-args.js";
import type { QemuMonitor } from "../monitor.js";
import { COMMAND_TIMEOUT_MS, end, migrated, withTimeout, type RunningQemu, type StartQemu } from "./running.js";
import { shapeOf, type Shape } from "./shape.js";
import { TEMPLATE_FILES, TemplateStore } from "./store.js";

/** A copy that lacks its disks and does not run yet. */
interface Prepared {
  readonly key: string;
  readonly cid: number;
  /** Undefined when it could not be made. */
  readonly qemu: Promise<RunningQemu | undefined>;
}

export class QemuCopies {
  readonly #store: TemplateStore;
  readonly #own = new Set<RunningQemu>();
  #prepared: Prepared | undefined;

  constructor(private readonly start: StartQemu) {
    this.#store = new TemplateStore(start);
  }

  /** Of each QEMU here that has not been handed over as a VM. */
  pids(): readonly number[] {
    return [...this.#store.pids(), ...[...this.#own].map(({ process }) => process.pid)];
  }

  /**
   * Starts the VM as a copy of the template for its shape.
   * @param folder of templates
   * @throws Error when that cannot be done; then nothing of it runs, and the VM may still be booted
   */
  async resume(config: VmmConfig, folder: string): Promise<VmmProcess> {
    const shape = await shapeOf(config);
    const qemu = (await this.#take(shape)) ?? (await this.#load(shape, await this.#store.find(shape, folder)));
    try {
      await withTimeout("the copy of a template to run", COMMAND_TIMEOUT_MS, qemu, async () => {
        for (const [index, disk] of config.disks.entries()) await attach(qemu.monitor, index, disk);
        await qemu.monitor.execute("cont");
      });
      qemu.failurePort.write(`resume ${Date.now()} ${config.cid}\n`);
      return { ...qemu.process, bootEnded: () => void this.#prepare(shape, folder, config.nextCid?.()) };
    } catch (error) {
      await end(qemu);
      throw error;
    } finally {
      this.#own.delete(qemu);
    }
  }

  /** Ends what was prepared for VMs to come; settles when its CID is free. */
  async dropPrepared(): Promise<void> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    const qemu = await prepared?.qemu;
    if (qemu === undefined) return;
    await end(qemu);
    this.#own.delete(qemu);
  }

  /** The prepared copy, if it is one of this VM. Another one is ended: its CID, or its memory, is wanted now. */
  async #take({ key, config }: Shape): Promise<RunningQemu | undefined> {
    const prepared = this.#prepared;
    if (prepared?.key !== key || prepared.cid !== config.cid) return void (await this.dropPrepared());
    this.#prepared = undefined;
    return prepared.qemu;
  }

  async #prepare(shape: Shape, folder: string, cid: number | undefined): Promise<void> {
    await this.dropPrepared();
    if (cid === undefined) return;
    const next = { ...shape, config: { ...shape.config, cid } };
    const qemu = this.#store.find(next, folder).then((template) => this.#load(next, template));
    // Who wants it then makes it anew, and hears what is wrong.
    const prepared = { key: shape.key, cid, qemu: qemu.catch(() => undefined) };
    this.#prepared = prepared;
    const ended = (await prepared.qemu)?.process.ended;
    await ended;
    if (this.#prepared === prepared) await this.dropPrepared();
  }

  /** A QEMU with the state of a template, which stands still. */
  async #load({ config, diskBytes }: Shape, template: string): Promise<RunningQemu> {
    const state = await open(join(template, TEMPLATE_FILES.state), "r");
    try {
      const path = join(template, TEMPLATE_FILES.memory);
      const qemu = await this.start(config, { path, use: "copy", diskBytes }, state.fd);
      this.#own.add(qemu);
      try {
        await withTimeout("the state of a template to be loaded", COMMAND_TIMEOUT_MS, qemu, () =>
          migrated(qemu.monitor, "migrate-incoming", `fd:${controlFd([]) + 1}`),
        );
        return qemu;
      } catch (error) {
        await end(qemu);
        this.#own.delete(qemu);
        throw error;
      }
    } finally {
      await state.close();
    }
  }
}

/** Puts a disk in its empty place. QEMU opens our descriptor once more: the file was chosen with the caller's rights. */
async function attach(monitor: QemuMonitor, index: number, { file, writable }: VmmDisk): Promise<void> {
  const node = diskNode(index);
  const content = `${node}-content`;
  const readOnly = { "read-only": !writable };
  const opened = { driver: "file", filename: `/proc/${process.pid}/fd/${file.fd}`, discard: "unmap" };
  await monitor.execute("blockdev-add", { "node-name": content, ...opened, ...readOnly });
  const options = [{ "node-name": node, driver: "raw", file: content, discard: "unmap", ...readOnly }];
  await monitor.execute("blockdev-reopen", { options });
}

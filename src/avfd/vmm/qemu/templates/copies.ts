/**
 * VMs that continue from a template of their shape, with its memory copy-on-write. What a copy needs before it can run (a QEMU
 * with the state loaded) has nothing of its VM in it but the CID; its disks come last. So while one VM runs, the next one
 * of the same shape is prepared, under the CID that it will have.
 */
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { QmpClient } from "../../../../qmp/client.js";
import type { VmmConfig, VmmDisk, VmmProcess } from "../../contract.js";
import { controlFd } from "../../monitor-process.js";
import { diskNode } from "../devices.js";
import { PreparedCopy } from "./prepared-copy.js";
import {
  COMMAND_TIMEOUT_MS,
  end,
  migrated,
  withTimeout,
  type LoadedCopy,
  type RunningQemu,
  type StartQemu,
} from "./running.js";
import { checkRoom } from "./room.js";
import { shapeOf, type Shape } from "./shape.js";
import { TEMPLATE_FILES, TemplateStore, type Template } from "./store.js";

export class QemuCopies {
  readonly #store: TemplateStore;
  readonly #own = new Set<RunningQemu>();
  readonly #prepared = new PreparedCopy();

  constructor(private readonly start: StartQemu) {
    this.#store = new TemplateStore(start);
  }

  /** Of each QEMU here that has not been handed over as a VM. */
  pids(): readonly number[] {
    return [...this.#store.pids(), ...[...this.#own].map(({ process }) => process.pid)];
  }

  /**
   * Starts the VM as a copy of the template for its shape, which is made when there is none.
   * @param folder of templates
   * @throws Error when that cannot be done; then nothing of it runs, and the VM may still be booted
   */
  async resume(config: VmmConfig, folder: string): Promise<VmmProcess> {
    const shape = await shapeOf(config);
    const copy =
      (await this.#prepared.take(shape.key, config.cid)) ??
      (await this.#load(shape, await this.#store.findOrMake(shape, folder)));
    try {
      await withTimeout("the copy of a template to get its disks", COMMAND_TIMEOUT_MS, copy, async () => {
        for (const [index, disk] of config.disks.entries()) await attach(copy.qmp, index, disk);
      });
      await config.mayRun?.();
      await withTimeout("the copy of a template to run", COMMAND_TIMEOUT_MS, copy, () => copy.qmp.execute("cont"));
      copy.failurePort.write(`resume ${Date.now()} ${config.cid} ${resizedDisks(shape, copy)}\n`);
      return { ...copy.process, bootEnded: (nextCid) => void this.#prepare(shape, folder, nextCid) };
    } catch (error) {
      await end(copy);
      throw error;
    } finally {
      this.#own.delete(copy);
    }
  }

  /** Ends what was prepared for VMs to come; settles when its CID is free. */
  dropPrepared(): Promise<void> {
    return this.#prepared.drop();
  }

  async #prepare(shape: Shape, folder: string, nextCid: () => number | undefined): Promise<void> {
    await this.#prepared.replace(() => {
      // One that made room for others is made again by the VM that needs it, with that VM's disks.
      const template = this.#store.find(shape, folder);
      const cid = template === undefined ? undefined : nextCid();
      if (template === undefined || cid === undefined) return undefined;
      const next = { ...shape, config: { ...shape.config, cid } };
      return { key: shape.key, cid, make: (signal) => this.#load(next, template, signal) };
    });
  }

  /** A QEMU with the state of a template, which stands still. The signal ends it before it is loaded. */
  async #load({ config }: Shape, template: Template, signal?: AbortSignal): Promise<LoadedCopy> {
    await checkRoom(config.memoryMib);
    const state = await open(join(template.folder, TEMPLATE_FILES.state), "r");
    try {
      // Our own words, in a folder that nobody else can write to.
      const diskBytes = JSON.parse(
        await readFile(join(template.folder, TEMPLATE_FILES.diskBytes), "utf8"),
      ) as readonly number[];
      const qemu = {
        ...(await this.start(config, { path: template.memory, use: "copy", diskBytes }, state.fd)),
        diskBytes,
      };
      this.#own.add(qemu);
      void qemu.process.ended.then(() => this.#own.delete(qemu));
      const kill = (): void => qemu.process.kill();
      try {
        if (signal?.aborted === true) kill();
        signal?.addEventListener("abort", kill, { once: true });
        await withTimeout("the state of a template to be loaded", COMMAND_TIMEOUT_MS, qemu, () =>
          migrated(qemu.qmp, "migrate-incoming", `fd:${controlFd([]) + 1}`),
        );
        return qemu;
      } catch (error) {
        await end(qemu);
        throw error;
      } finally {
        signal?.removeEventListener("abort", kill);
      }
    } finally {
      await state.close();
    }
  }
}

/**
 * A digit for each disk, in the order of their serials: 1 when its size is not what the template's guest has seen. The
 * guest reads those again.
 */
function resizedDisks({ config, diskBytes }: Shape, { diskBytes: seen }: LoadedCopy): string {
  const disks = config.disks.map(({ serial }, index) => ({ serial, resized: diskBytes[index] !== seen[index] }));
  const inOrder = disks.sort((a, b) => ((a.serial ?? "") < (b.serial ?? "") ? -1 : 1));
  return inOrder.map(({ resized }) => (resized ? "1" : "0")).join("");
}

/** Puts a disk in its empty place. QEMU opens our descriptor once more: the file was chosen with the caller's rights. */
async function attach(qmp: QmpClient, index: number, { file, writable }: VmmDisk): Promise<void> {
  const node = diskNode(index);
  const content = `${node}-content`;
  const readOnly = { "read-only": !writable };
  const opened = { driver: "file", filename: `/proc/${process.pid}/fd/${file.fd}`, discard: "unmap" };
  await qmp.execute("blockdev-add", { "node-name": content, ...opened, ...readOnly });
  const options = [{ "node-name": node, driver: "raw", file: content, discard: "unmap", ...readOnly }];
  await qmp.execute("blockdev-reopen", { options });
}

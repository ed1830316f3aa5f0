/**
 * Saves a device that runs, VMs and all, and lets it continue. What is written has the shape of a snapshot: memory, state and
 * disk, all of them whole, so that any number of machines can continue from it copy-on-write.
 *
 * Memory and disk begin as copies of what the machine began with, made while it runs; what it has changed of them since
 * goes on top while it stands still.
 */
import { mkdtemp, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { atOnce } from "../../base/async/at-once.js";
import { eitherSignal } from "../../base/async/shared-signal.js";
import { sleep } from "../../base/deadline.js";
import { InfrastructureError } from "../../base/errors.js";
import { copySparse } from "../machine/copy-sparse.js";
import { saveDeviceState } from "../machine/device-state.js";
import type { Machine } from "../machine/launch.js";
import { lendFolder, takeBack } from "../machine/machine-user.js";
import { OWN_FOLDER } from "../qemu/emulator.js";
import { SNAPSHOT_FILES } from "../snapshot/state.js";
import { copyChangedMemory } from "./changed-memory.js";

interface SaveRunningOptions {
  readonly machine: Machine;
  /** What the machine's memory was when it started; what it writes is its own. */
  readonly memoryFile: string;
  /** What the machine's disk was when it started; its writes lie in a layer above. */
  readonly dataDisk: string;
  /** Exists and is empty. */
  readonly folder: string;
  /** Of the device: the machine can write there, and nowhere else. On the same file system. */
  readonly deviceFolder: string;
  readonly signal: AbortSignal;
}

const FREEZE_TIMEOUT_MS = 30_000;
/** Some hundred megabytes each, which may have to come from a slow disk first. */
const COPY_TIMEOUT_MS = 180_000;
/** From the end of what QEMU was asked for to the end of its process. */
const LAST_WORDS_MS = 500;
/** By the machine itself. */
const WRITTEN = [SNAPSHOT_FILES.data, SNAPSHOT_FILES.state];
const DISK_JOB = "save-disk";
const DISK_NODE = "saved-disk";

/** The device stands still for a part of that; connections to it stay. */
export async function saveRunning(options: SaveRunningOptions): Promise<void> {
  const { machine, folder, memoryFile, deviceFolder } = options;
  const { pid } = machine.process;
  if (pid === undefined) throw new InfrastructureError("DEVICE_ENDED", "The emulated device's QEMU did not start.");
  const signal = eitherSignal(options.signal, machine.ended);
  const target = join(folder, SNAPSHOT_FILES.memory);
  const draft = await mkdtemp(join(deviceFolder, "saving-"));
  try {
    await atOnce(
      () => copySparse(options.dataDisk, join(draft, SNAPSHOT_FILES.data), { timeoutMs: COPY_TIMEOUT_MS, signal }),
      () => copySparse(memoryFile, target, { timeoutMs: COPY_TIMEOUT_MS, signal }),
    );
    lendFolder(draft, WRITTEN, machine.user);
    await saveStill(options, { pid, target, folder: join(OWN_FOLDER, basename(draft)), signal });
    takeBack(
      WRITTEN.map((name) => join(draft, name)),
      machine.user,
    );
    for (const name of WRITTEN) await rename(join(draft, name), join(folder, name));
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** What the machine writes itself, while it stands still: into `folder`, as it calls it. */
async function saveStill(
  { machine, memoryFile }: SaveRunningOptions,
  { pid, target, folder, signal }: { pid: number; target: string; folder: string; signal: AbortSignal },
): Promise<void> {
  // A virtual CPU inside a nested guest cannot be saved.
  await machine.control.request({ command: "freeze" }, FREEZE_TIMEOUT_MS, signal);
  try {
    await machine.qmp.execute("stop");
    await atOnce(
      () => saveDisk(machine, join(folder, SNAPSHOT_FILES.data), signal),
      () => copyChangedMemory({ pid, memoryFile, target, signal }),
    );
    await saveDeviceState(machine.qmp, join(folder, SNAPSHOT_FILES.state));
  } catch (error) {
    // Its end says more than what came of it here.
    await sleep(LAST_WORDS_MS, machine.ended).catch(() => undefined);
    throw machine.ended.aborted ? machine.ended.reason : error;
  } finally {
    if (!machine.ended.aborted) await goOn(machine);
  }
}

/** What the machine wrote goes on top of a copy of what it started with: no checkpoint needs another one. */
async function saveDisk({ qmp }: Machine, path: string, signal: AbortSignal): Promise<void> {
  const file = { driver: "file", filename: path, discard: "unmap" };
  // Nobody needs it after a power cut.
  const cache = { "no-flush": true };
  await qmp.execute("blockdev-add", { "node-name": DISK_NODE, driver: "raw", discard: "unmap", file, cache });
  const job = { "job-id": DISK_JOB, device: "data", target: DISK_NODE, sync: "top", "auto-dismiss": false };
  await qmp.execute("blockdev-backup", job);
  await qmp.pollUntil("query-jobs", diskSaved, signal);
  await qmp.execute("job-dismiss", { id: DISK_JOB });
  await qmp.execute("blockdev-del", { "node-name": DISK_NODE });
}

function diskSaved(answer: unknown): boolean {
  const jobs = answer as readonly { readonly id: string; readonly status: string; readonly error?: string }[];
  const job = jobs.find(({ id }) => id === DISK_JOB);
  if (job?.error !== undefined) {
    throw new InfrastructureError("DISK_NOT_SAVED", `QEMU could not save the device's disk: ${job.error}.`, {
      hint: "see how much room is left in AVF_CACHE_DIR",
    });
  }
  return job?.status === "concluded";
}

async function goOn(machine: Machine): Promise<void> {
  await machine.qmp.execute("cont");
  await machine.control.request({ command: "thaw" }, FREEZE_TIMEOUT_MS, machine.ended);
}

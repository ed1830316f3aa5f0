/**
 * Saves a device that runs, VMs and all, and lets it go on. What is written has the shape of a snapshot: memory, state and
 * disk, all of them whole, so that any number of machines can continue from it copy-on-write.
 *
 * A running machine's own memory is private to it, and no file. Therefore its state is handed over to a second QEMU, whose
 * memory is a shared mapping of the new file; that one never runs, but writes down the rest and ends.
 */
import { join } from "node:path";
import { InfrastructureError } from "../../base/errors.js";
import { run } from "../../process/run.js";
import { buildMachineArguments, type Accelerator } from "../machine/arguments.js";
import { launchMachine, SERIAL_LOG, type Machine } from "../machine/launch.js";
import { ignoreSharedMemory, untilLoaded, untilMigrated } from "../machine/migration.js";
import { saveState, SNAPSHOT_FILES } from "../snapshot/state.js";

export interface SaveRunningOptions {
  readonly machine: Machine;
  readonly accelerator: Accelerator;
  readonly emulator: readonly string[];
  readonly imageFolder: string;
  /** What the machine's disk was when it started; its writes lie in a layer above. */
  readonly dataDisk: string;
  /** Exists and is empty. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

const FREEZE_TIMEOUT_MS = 30_000;
/** In the folder of the second QEMU, which is its current one. */
const SOCKET = "handover";
/** Unlimited, in bytes a second; QEMU holds itself back otherwise. */
const MAX_BANDWIDTH = 2 ** 40;
const DISK_JOB = "save-disk";
const DISK_NODE = "saved-disk";

/** The device stands still meanwhile; connections to it stay. */
export async function saveRunning(options: SaveRunningOptions): Promise<void> {
  const { machine, folder } = options;
  const signal = AbortSignal.any([options.signal, machine.ended]);
  const copy = launchCopy(options);
  try {
    const dataDisk = join(folder, SNAPSHOT_FILES.data);
    await run(["cp", "--sparse=always", options.dataDisk, dataDisk], { signal });
    const ready = copy.qmp.negotiate(signal);
    ready.catch(() => undefined);
    // A virtual CPU inside a nested guest cannot be saved.
    await machine.control.request({ command: "freeze" }, FREEZE_TIMEOUT_MS, signal);
    try {
      await machine.qmp.command("stop");
      await Promise.all([saveDisk(machine, dataDisk, signal), ready]);
      await handOver(machine, copy, AbortSignal.any([signal, copy.ended]));
      await saveState(copy, signal);
      await copy.process.ended;
    } finally {
      if (!machine.ended.aborted) await goOn(machine);
    }
  } finally {
    await copy.kill();
  }
}

function launchCopy({ emulator, accelerator, imageFolder, dataDisk, folder }: SaveRunningOptions): Machine {
  const argv = buildMachineArguments({
    ...{ emulator, accelerator, imageFolder },
    adbPort: undefined,
    dataDisk,
    keepData: false,
    memoryFile: join(folder, SNAPSHOT_FILES.memory),
    memoryShared: true,
    incoming: true,
    serialLog: join(folder, SERIAL_LOG),
  });
  return launchMachine(argv, { folder, workingFolder: folder, detached: false });
}

/** What the machine wrote goes on top of a copy of what it started with: no checkpoint needs another one. */
async function saveDisk({ qmp }: Machine, path: string, signal: AbortSignal): Promise<void> {
  const file = { driver: "file", filename: path, discard: "unmap" };
  // Nobody needs it after a power cut.
  const cache = { "no-flush": true };
  await qmp.command("blockdev-add", { "node-name": DISK_NODE, driver: "raw", discard: "unmap", file, cache });
  const job = { "job-id": DISK_JOB, device: "data", target: DISK_NODE, sync: "top", "auto-dismiss": false };
  await qmp.command("blockdev-backup", job);
  await qmp.pollUntil("query-jobs", diskSaved, signal);
  await qmp.command("job-dismiss", { id: DISK_JOB });
  await qmp.command("blockdev-del", { "node-name": DISK_NODE });
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

async function handOver(machine: Machine, copy: Machine, signal: AbortSignal): Promise<void> {
  await copy.qmp.command("migrate-incoming", { uri: `unix:${SOCKET}` });
  // Its memory is wanted, now; when it was restored, it was not.
  await ignoreSharedMemory(machine.qmp, false);
  await machine.qmp.command("migrate-set-parameters", { "max-bandwidth": MAX_BANDWIDTH });
  // By way of its current folder, for the path of a socket may be a hundred bytes long and no more.
  await machine.qmp.command("migrate", { uri: `unix:/proc/${copy.process.pid}/cwd/${SOCKET}` });
  await untilMigrated(machine.qmp, signal);
  await untilLoaded(copy.qmp, signal);
}

async function goOn(machine: Machine): Promise<void> {
  await machine.qmp.command("cont");
  await machine.control.request({ command: "thaw" }, FREEZE_TIMEOUT_MS, machine.ended);
}

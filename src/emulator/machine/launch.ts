/** The emulated device's QEMU process, with its two channels, and what it said when it ended too early. */
import { closeSync, openSync } from "node:fs";
import { basename, join } from "node:path";
import type { Duplex } from "node:stream";
import { sleep } from "../../base/deadline.js";
import { InfrastructureError, isHarnessError } from "../../base/errors.js";
import { cacheFolder } from "../../base/paths.js";
import { targetOf } from "../../process/drafts.js";
import { identify, type ProcessIdentity } from "../../process/identity.js";
import { forgetLife, openLife } from "../../process/life.js";
import { spawnOwned, type OwnedProcess, type ProcessEnd } from "../../process/owned-process.js";
import { QmpClient } from "../../qmp/client.js";
import { ControlChannel } from "./control.js";
import { explainEarlyEnd, explainSilence, QEMU_LOG } from "./last-words.js";
import type { MachineUser } from "./machine-user.js";

export { SERIAL_LOG } from "./last-words.js";

export interface Machine {
  readonly process: OwnedProcess;
  /** Undefined: it runs as this process's own. */
  readonly user: MachineUser | undefined;
  /** For records: QEMU, as long as it runs. */
  identify(): ProcessIdentity | undefined;
  readonly qmp: QmpClient;
  readonly control: ControlChannel;
  /** Aborted with an error that quotes QEMU and the serial console when the machine ends. */
  readonly ended: AbortSignal;
  /** Ends the machine at once; there is nothing in it to be saved. @throws InfrastructureError `PROCESS_STAYS` */
  kill(): Promise<void>;
  /** Closes the channels, so that this process may end while a detached machine keeps running. */
  detach(): void;
}

interface LaunchOptions {
  /** Holds `qemu.log` and `serial.log`. */
  readonly folder: string;
  /** QEMU's current folder: the state file of a snapshot is named relative to it. */
  readonly workingFolder: string;
  readonly detached: boolean;
  readonly user?: MachineUser | undefined;
}

/** From the end of its channel to the end of the process. */
const LAST_WORDS_MS = 2_000;

/** @param argv says by itself as whom it runs */
export function launchMachine(argv: readonly string[], options: LaunchOptions): Machine {
  const { folder, workingFolder, detached, user } = options;
  // QEMU has it open from its first moment to its last, for those who cannot see its process.
  const life = openLife("machine");
  const log = openSync(join(folder, QEMU_LOG), "a");
  const process_ = spawnOwned(argv, {
    cwd: workingFolder,
    stdio: ["ignore", log, log, "pipe", "pipe", life?.fd ?? "ignore"],
    detached,
  });
  closeSync(log);
  if (life !== undefined) {
    closeSync(life.fd);
    void process_.ended.then(() => forgetLife(life.name));
  }
  const [, , , qmpStream, controlStream] = process_.child.stdio as unknown as [null, null, null, Duplex, Duplex];
  const ended = new AbortController();
  const qmp = new QmpClient(qmpStream, { whyGone: () => lastWords(ended.signal) });
  const control = new ControlChannel(controlStream);
  let killed = false;
  void process_.ended.then((end) => ended.abort(killed ? endedByUs() : explain(folder, end)));
  return {
    process: process_,
    user,
    identify: () => {
      const identity = identify(process_.pid ?? 0);
      return identity && { ...identity, life: life?.name };
    },
    qmp,
    control,
    ended: ended.signal,
    kill: async () => {
      killed = true;
      await process_.endAtOnce();
    },
    detach: () => {
      qmp.close();
      control.close();
      process_.child.unref();
    },
  };
}

/** QEMU ends when it cannot continue; what it says then explains more than the connection that broke. */
async function lastWords(ended: AbortSignal): Promise<Error> {
  await sleep(LAST_WORDS_MS, ended).catch(() => undefined);
  if (ended.aborted) return ended.reason as Error;
  return new InfrastructureError("QEMU_GONE", "QEMU closed its control connection.");
}

function endedByUs(): InfrastructureError {
  return new InfrastructureError("DEVICE_ENDED", "The emulated device was ended.");
}

function explain(folder: string, { exitCode, signal, startFailure }: ProcessEnd): InfrastructureError {
  const how = startFailure ? "it did not start" : (signal ?? `exit code ${exitCode}`);
  return explainEarlyEnd({ folder, keptIn: logsOf(folder), how, startFailure });
}

/** Of a machine that was waited for too long: the same error, with what it said last. Others as they are. */
export function explainTimeout(error: unknown, folder: string): unknown {
  if (!isHarnessError(error) || error.code !== "TIMEOUT") return error;
  return explainSilence(error, { folder, keptIn: logsOf(folder) });
}

/** By what the machine is or becomes, not by who makes it: the next one's take the place of these. */
function logsOf(folder: string): string {
  return join(cacheFolder(), "logs", basename(targetOf(folder)));
}

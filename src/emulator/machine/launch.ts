/** The emulated device's QEMU process, with its two channels, and what it said when it ended too early. */
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { InfrastructureError } from "../../base/errors.js";
import { lastLines } from "../../process/run.js";
import { spawnOwned, type OwnedProcess } from "../../process/owned-process.js";
import { ControlChannel } from "./control.js";
import { QmpClient } from "./qmp.js";

export interface Machine {
  readonly process: OwnedProcess;
  readonly qmp: QmpClient;
  readonly control: ControlChannel;
  /** Aborted with an error that quotes QEMU and the serial console when the machine ends. */
  readonly ended: AbortSignal;
  /** Ends the machine at once; there is nothing in it to be saved. */
  kill(): Promise<void>;
  /** Lets go of the channels, so that this process may end while a detached machine goes on. */
  detach(): void;
}

export interface LaunchOptions {
  /** Holds `qemu.log` and `serial.log`. */
  readonly folder: string;
  /** QEMU's current folder: the state file of a snapshot is named relative to it. */
  readonly workingFolder: string;
  readonly detached: boolean;
}

export const SERIAL_LOG = "serial.log";
const QEMU_LOG = "qemu.log";

export function launchMachine(argv: readonly string[], { folder, workingFolder, detached }: LaunchOptions): Machine {
  const log = openSync(join(folder, QEMU_LOG), "a");
  const process_ = spawnOwned(argv, {
    cwd: workingFolder,
    // Overlays of `snapshot=on` disks are files without a name in TMPDIR: gone with the process.
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", log, log, "pipe", "pipe"],
    detached,
  });
  closeSync(log);
  const [, , , qmpStream, controlStream] = process_.child.stdio as unknown as [null, null, null, Duplex, Duplex];
  const qmp = new QmpClient(qmpStream);
  const control = new ControlChannel(controlStream);
  const ended = new AbortController();
  void process_.ended.then((end) => ended.abort(explainEnd(folder, end.startFailure)));
  return {
    process: process_,
    qmp,
    control,
    ended: ended.signal,
    kill: async () => {
      process_.child.kill("SIGKILL");
      await process_.ended;
    },
    detach: () => {
      qmp.close();
      control.close();
      process_.child.unref();
    },
  };
}

function explainEnd(folder: string, startFailure: Error | undefined): InfrastructureError {
  const said = readTail(join(folder, QEMU_LOG)).filter(
    (line) => !line.includes("TCG doesn't support requested feature"),
  );
  const serial = readTail(join(folder, SERIAL_LOG));
  const text = said.join("\n");
  if (/Could not set up host forwarding rule/.test(text)) {
    return new InfrastructureError("PORT_BUSY", "The emulated device's adb port is taken by another program.", {
      hint: "choose another with --port, or leave it out to get a free one",
      lastLines: said,
    });
  }
  return new InfrastructureError("DEVICE_ENDED", "The emulated device's QEMU ended by itself.", {
    cause: startFailure,
    lastLines: [...said.map((line) => `qemu: ${line}`), ...serial.map((line) => `serial: ${line}`)],
  });
}

function readTail(path: string): readonly string[] {
  try {
    return lastLines(readFileSync(path, "utf8"), 10);
  } catch {
    return [];
  }
}

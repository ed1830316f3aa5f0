/**
 * Keeps the device and the VMs of a failed test for a person to look at. Ends at its time, when its note in the cache is
 * removed (`avf end-hold`), on Enter where the run has a terminal, and with the device. Jest waits here without a limit.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { clockMs } from "../../artifacts/clock.js";
import {
  freeHoldId,
  holdPath,
  releaseHold,
  writeHold,
  type HeldVm,
  type HoldRecord,
} from "../../artifacts/holds/hold-records.js";
import { asciiName } from "../../artifacts/names.js";
import { makePrivateFolder } from "../../artifacts/private-files.js";
import type { RunRecord } from "../../artifacts/run-record.js";
import { sleep } from "../../base/deadline.js";
import { describeError } from "../../base/errors.js";
import { printable } from "../../base/printable.js";
import { GUEST_ADB_PORT } from "../../lab/guests/adb-into-vm.js";
import type { LedgerEntry } from "../evidence/vm-ledger.js";
import type { Harness } from "../../lab/harness.js";
import { lineEnd, type OutputLine } from "../../virtualmachine/index.js";
import { releaseAtEnd } from "../../lab/process-end.js";
import { startHeldFile } from "./held-file.js";
import { describeHold } from "./hold-message.js";
import { waitForEnter } from "./terminal.js";

interface HoldRequest {
  readonly test: string;
  readonly file: string;
  readonly harness: Harness;
  readonly vms: readonly LedgerEntry[];
  readonly record: RunRecord;
  /** Folder with what was saved of the failure. */
  readonly evidence: string | undefined;
  readonly timeoutMs: number;
}

const LOOK_EVERY_MS = 250;

/** Never rejects: a hold that cannot be must not hide the failure. */
export async function holdFailedTest(request: HoldRequest): Promise<void> {
  const ends: (() => void | Promise<void>)[] = [];
  try {
    const note = await openHold(request, ends);
    ends.push(() => releaseHold(note.id));
    ends.push(releaseAtEnd(async () => releaseHold(note.id)));
    const recordFile = writeHold(note);
    const { file, test, timeoutMs, record } = request;
    record.add({ kind: "hold-started", file, test, timeoutMs, recordFile });
    record.flush();
    process.stderr.write(printable(describeHold(note)));
    const reason = await waitForEnd(note, request);
    record.add({ kind: "hold-ended", reason });
    process.stderr.write(printable(`avf: hold of "${test}" is over: ${reason}\n`));
  } catch (error) {
    process.stderr.write(printable(`avf: could not hold "${request.test}": ${describeError(error)}\n`));
  } finally {
    for (const end of ends.reverse()) await Promise.resolve(end()).catch(() => undefined);
  }
}

async function openHold(request: HoldRequest, ends: (() => void | Promise<void>)[]): Promise<HoldRecord> {
  const { harness, test, file, evidence, timeoutMs, record } = request;
  const id = freeHoldId();
  const folder = evidence ?? join(record.folder, `held-${id}`);
  makePrivateFolder(folder);
  const vms: HeldVm[] = [];
  for (const entry of request.vms) vms.push(await holdVm(entry, harness, folder, ends));
  const startedMs = Date.now();
  return {
    ...{ id, pid: process.pid, test, file, serial: harness.device.serial, vms, startedMs },
    endsMs: startedMs + timeoutMs,
    ...(harness.deviceName === undefined ? {} : { device: harness.deviceName }),
    ...(evidence === undefined ? {} : { evidence }),
  };
}

async function holdVm(
  { vm, machine }: LedgerEntry,
  harness: Harness,
  folder: string,
  ends: (() => void | Promise<void>)[],
): Promise<HeldVm> {
  const name = vm.getName();
  const files = { console: "", log: "" };
  const add = { console: (_text: string): void => undefined, log: (_text: string): void => undefined };
  for (const stream of ["console", "log"] as const) {
    files[stream] = join(folder, `${asciiName(name)}-${machine}.${stream}.held.txt`);
    add[stream] = startHeldFile(files[stream], linesSoFar(vm.output.lines(stream)));
  }
  ends.push(vm.output.subscribe((line) => add[line.stream](line.text + lineEnd(line))));
  const { cid } = vm;
  const shared = { name, consoleFile: files.console, logFile: files.log, status: await vm.getStatus() };
  if (cid === undefined) return shared;
  const forward = await harness.device
    .forward(`vsock:${cid}:${GUEST_ADB_PORT}`, { dialledBy: "adb" })
    .catch(() => undefined);
  if (forward === undefined) return { ...shared, cid };
  ends.push(() => forward.close());
  return { ...shared, cid, adbPort: forward.hostPort };
}

function linesSoFar(lines: readonly OutputLine[]): string {
  return lines.map((line) => line.text + lineEnd(line)).join("");
}

async function waitForEnd(note: HoldRecord, { harness, timeoutMs }: HoldRequest): Promise<string> {
  const over = new AbortController();
  const { signal } = over;
  const path = holdPath(note.id);
  const endMs = clockMs() + timeoutMs;
  const never = (): Promise<never> => new Promise<never>(() => undefined);
  const watched = async (): Promise<string> => {
    while (existsSync(path)) {
      if (harness.device.gone.aborted) return "the device went away";
      if (clockMs() >= endMs) return "its time is up";
      await sleep(Math.min(LOOK_EVERY_MS, Math.max(endMs - clockMs(), 1)), signal);
    }
    return "it was released";
  };
  try {
    const entered = waitForEnter(signal).then((pressed) => (pressed ? "Enter was pressed" : never()));
    return await Promise.race([watched(), entered]);
  } finally {
    over.abort();
  }
}

/** Devices of a Cuttlefish host: one that is there is taken, or one is made from an environment config, and used through adb. */
import { sharedController } from "../../base/async/shared-signal.js";
import { isHarnessError } from "../../base/errors.js";
import { disconnectTcpDevice } from "../../device/index.js";
import { attachedDevices } from "../sources/attached-devices.js";
import { connectLeased } from "../sources/network-device.js";
import type { DeviceSource, LabOptions, LeasedDevice } from "../sources/device-source.js";
import { parseCuttlefishAddress, type CuttlefishAddress } from "./address.js";
import type { Cvd } from "./api/answers.js";
import { bugReports } from "./bug-report.js";
import { createGroup } from "./created-group.js";
import { readCredentials } from "./api/credentials.js";
import { readEnvironmentConfig } from "./environment-config.js";
import { noteOperations, sweepNotes } from "./notes.js";
import { Orchestrator } from "./api/orchestrator.js";
import { cuttlefishRewinding } from "./checkpoints/rewinding.js";
import { findCvds, requireRunning, type Taking } from "./find-cvds.js";

/** After a snapshot or a restore: a device that does not answer by then costs minutes, for another has to be made. */
const RECONNECT_TIMEOUT_MS = 90_000;
/** Nobody else knows of a device that was made for us. */
const LOCK_TIMEOUT_MS = 30_000;
const POWERWASH_TIMEOUT_MS = 5 * 60_000;
/** For `cvd remove`, and the removal of snapshots. */
const REMOVE_AT_END_MS = 120_000;

export function cuttlefishDevices(url: URL, options: LabOptions): DeviceSource {
  const address = parseCuttlefishAddress(url);
  const orchestrator = new Orchestrator({ ...address, credentials: readCredentials(address) });
  const { wanted } = address;
  const acquire = async (signal: AbortSignal): Promise<LeasedDevice> => {
    for (const group of await sweepNotes(address.base)) {
      options.onWait(`${group} was removed: the run that made it is dead`);
    }
    if (wanted.kind === "take") return take(orchestrator, address, wanted, { ...options, address: url.href }, signal);
    return make(orchestrator, address, wanted.configFile, { ...options, address: url.href }, signal);
  };
  // One that was made is nobody else's, and takes minutes to make.
  return { keepBetweenFiles: wanted.kind === "create", acquire };
}

/** One that was only taken is given back at once. */
export function cuttlefishReleaseMs(url: URL): number {
  return url.searchParams.has("config") ? REMOVE_AT_END_MS : 0;
}

async function take(
  orchestrator: Orchestrator,
  { host }: CuttlefishAddress,
  wanted: Taking,
  options: LabOptions & { readonly address: string },
  signal: AbortSignal,
): Promise<LeasedDevice> {
  const running = requireRunning(orchestrator, await findCvds(orchestrator, wanted, signal));
  const bySerial = await connectAll(running, host, options.onWait, signal);
  // Connections stay: others of this host may use them, and those of adb's own server.
  const slot = Number(process.env["JEST_WORKER_ID"] ?? 1) - 1;
  const leased = await attachedDevices([...bySerial.keys()], { ...options, slot }).acquire(signal);
  const cvd = bySerial.get(leased.serial);
  const ours = new AbortController();
  const release = async (): Promise<void> => {
    ours.abort(new Error("the device was given back"));
    // As long as it is ours.
    if (wanted.powerwash && cvd !== undefined) await powerwash(orchestrator, cvd, options.onWait);
    await leased.release();
  };
  const noted = orchestrator.watched(noteOperations(options.address));
  const hostLogs = cvd && { hostLogs: bugReports(noted, cvd.group, ours.signal) };
  return { ...leased, ...hostLogs, description: describe(leased.serial, cvd, orchestrator), release };
}

async function make(
  orchestrator: Orchestrator,
  { host }: CuttlefishAddress,
  configFile: string,
  options: LabOptions & { readonly address: string },
  signal: AbortSignal,
): Promise<LeasedDevice> {
  const created = await createGroup(orchestrator, readEnvironmentConfig(configFile), { ...options, signal });
  let serial: string | undefined;
  const remove = async (): Promise<void> => {
    await created.remove();
    if (serial !== undefined) await disconnectTcpDevice(serial).catch(() => undefined);
  };
  try {
    serial = await connect(created.cvd, host, signal);
    const leased = await attachedDevices([serial], { ...options, timeoutMs: LOCK_TIMEOUT_MS, slot: 0 }).acquire(signal);
    const ours = new AbortController();
    const lost = sharedController();
    const release = async (): Promise<void> => {
      ours.abort(new Error("the device was given back"));
      await leased.release();
      await remove();
    };
    const rewinding = cuttlefishRewinding(created.orchestrator, {
      ...{ cvd: created.cvd, leave: () => leased.release(), onWait: options.onWait },
      connect: async (call) => void (await connect(created.cvd, host, call, RECONNECT_TIMEOUT_MS)),
      disconnect: () => disconnectTcpDevice(leased.serial),
      onSnapshot: (id) => created.addSnapshot(id),
      onLost: (reason) => lost.abort(reason),
    });
    const hostLogs = bugReports(created.orchestrator, created.cvd.group, ours.signal);
    const description = describe(serial, created.cvd, orchestrator);
    const releaseTimeoutMs = REMOVE_AT_END_MS;
    return { ...leased, hostLogs, description, rewinding, lost: lost.signal, releaseTimeoutMs, release };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Never rejects: the device is given back anyway, and its next user sees its state. */
async function powerwash(
  orchestrator: Orchestrator,
  { group, name }: Cvd,
  tell: (message: string) => void,
): Promise<void> {
  try {
    const wait = { timeoutMs: POWERWASH_TIMEOUT_MS, onWait: tell };
    await orchestrator.operate("POST", `cvds/${group}/${name}/:powerwash`, undefined, wait);
  } catch (error) {
    tell(`${group}/${name} is given back as it is: ${(error as Error).message}`);
  }
}

/** At once, for one that does not answer takes its time. @throws the first failure when none does */
async function connectAll(
  cvds: readonly Cvd[],
  host: string,
  tell: (message: string) => void,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Cvd>> {
  const bySerial = new Map<string, Cvd>();
  const failures: unknown[] = [];
  const connectOne = async (cvd: Cvd): Promise<void> => {
    try {
      bySerial.set(await connect(cvd, host, signal), cvd);
    } catch (error) {
      failures.push(error);
    }
  };
  await Promise.all(cvds.map(connectOne));
  signal.throwIfAborted();
  if (bySerial.size === 0) throw failures[0];
  for (const error of failures) tell(isHarnessError(error) ? error.shortMessage : String(error));
  return bySerial;
}

function connect(
  { group, name, adbPort }: Cvd,
  host: string,
  signal?: AbortSignal,
  timeoutMs?: number,
): Promise<string> {
  const address = `${host.includes(":") ? `[${host}]` : host}:${adbPort}`;
  return connectLeased(`device ${group}/${name}`, address, { signal, timeoutMs });
}

function describe(serial: string, cvd: Cvd | undefined, { server }: Orchestrator): string {
  return `device ${serial}, ${cvd?.group}/${cvd?.name} of ${server.orchestrator}`;
}

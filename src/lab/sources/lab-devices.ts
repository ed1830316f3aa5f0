/** Devices that a lab hands out, by their address: its scheme says which kind of lab. */
import { UsageError } from "../../base/errors.js";
import { cuttlefishDevices, cuttlefishReleaseMs } from "../cuttlefish/cuttlefish-devices.js";
import { inspectCuttlefish } from "../cuttlefish/inspect-orchestrator.js";
import { inspectLabgrid } from "../labgrid/inspect-lab.js";
import { labgridDevices } from "../labgrid/labgrid-devices.js";
import { inspectStf } from "../stf/inspect-stf.js";
import { stfDevices } from "../stf/stf-devices.js";
import type { DeviceSource, LabOptions } from "./device-source.js";

interface LabKind {
  readonly devices: (url: URL, options: LabOptions) => DeviceSource;
  readonly inspect: (url: URL) => Promise<string>;
  /** How long giving back a device may take at the end of a run. Default: no longer than anything else. */
  readonly releaseMs?: (url: URL) => number;
}

const KINDS: Readonly<Record<string, LabKind>> = {
  cuttlefish: { devices: cuttlefishDevices, inspect: inspectCuttlefish, releaseMs: cuttlefishReleaseMs },
  labgrid: { devices: labgridDevices, inspect: inspectLabgrid },
  stf: { devices: stfDevices, inspect: inspectStf },
  // Without TLS.
  "stf+http": { devices: stfDevices, inspect: inspectStf },
};

/** @throws UsageError for an address that names no lab; what may be a password in it is not repeated */
export function labDevices(address: string, options: LabOptions): DeviceSource {
  const { lab, url } = parse(address);
  return lab.devices(url, options);
}

/** How long a worker may take to give back a device of this address. 0: as all others. */
export function labReleaseMs(address: string | undefined): number {
  if (address === undefined || !URL.canParse(address)) return 0;
  const url = new URL(address);
  return KINDS[url.protocol.replace(/:$/, "")]?.releaseMs?.(url) ?? 0;
}

/** What the lab has, for people; it is only asked. Throws what a run would throw. */
export function inspectLab(address: string): Promise<string> {
  const { lab, url } = parse(address);
  return lab.inspect(url);
}

function parse(address: string): { readonly lab: LabKind; readonly url: URL } {
  const [, kind] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(address) ?? [];
  const known = Object.keys(KINDS);
  const hint = `kinds of labs: ${known.map((name) => `${name}://…`).join(", ")}; docs/lab.md says what they take`;
  if (kind === undefined)
    throw new UsageError("LAB_KIND", "The address of the lab is not KIND://HOST:PORT/….", { hint });
  const lab = Object.hasOwn(KINDS, kind.toLowerCase()) ? KINDS[kind.toLowerCase()] : undefined;
  if (lab === undefined) throw new UsageError("LAB_KIND", `There is no source of devices for ${kind}://.`, { hint });
  if (!URL.canParse(address))
    throw new UsageError("LAB_ADDRESS", `The address of the ${kind} lab is no URL.`, { hint });
  return { lab, url: new URL(address) };
}

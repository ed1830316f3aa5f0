/** What the emulator may ask of the device: clock, entropy, release, properties, VMs frozen around a snapshot. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { isAndroidRelease } from "../releases.js";
import type { Device } from "../device.js";
import { VMM_PROPERTY } from "../vmm/select.js";
import type { ControlHandler, ControlRequest } from "./channel.js";

const run = promisify(execFile);
const HELPER_TIMEOUT_MS = 30_000;

export function controlRequests(device: Device): ControlHandler {
  const devctl = async (...args: readonly string[]): Promise<void> => {
    await run(device.paths.devctl, args, { timeout: HELPER_TIMEOUT_MS });
  };
  return async ({ command, fields }: ControlRequest) => {
    switch (command) {
      case "ping":
        await device.virtualization.ready;
        return { release: device.identity.release, pid: process.pid };
      case "clock":
        await devctl("clock", String(wholeNumber(fields["epochMs"], "epochMs")));
        return {};
      case "entropy":
        await devctl("entropy", hexText(fields["hex"]));
        return {};
      case "sync":
        await devctl("sync");
        return {};
      case "release":
        return switchRelease(device, fields["release"]);
      case "vmm":
        return chooseVmm(device, fields["prefer"]);
      case "properties":
        await device.identity.override(textMap(fields["set"]));
        return {};
      case "freeze":
        return { frozen: await device.virtualization.freeze() };
      case "thaw":
        return { thawed: device.virtualization.thaw(fields["restored"] === true) };
      default:
        throw new Error(`no such command: ${command}`);
    }
  };
}

function switchRelease({ identity, virtualization }: Device, release: unknown): Readonly<Record<string, unknown>> {
  if (!isAndroidRelease(release)) throw new Error("release is 13 or 15");
  if (release !== identity.release) {
    const running = virtualization.list().length;
    // Their guests speak to the service in the way of the release they were started under.
    if (running > 0) throw new Error(`${running} VMs are running; the release changes only while there are none`);
    identity.setRelease(release);
    virtualization.forgetCids();
  }
  return { release };
}

/** Says what VMs run on from now on; fails in the monitor's own words when it does not start. */
async function chooseVmm(device: Device, prefer: unknown): Promise<Readonly<Record<string, unknown>>> {
  if (prefer !== undefined && typeof prefer !== "string") throw new Error("prefer is a monitor's name");
  if (prefer !== undefined) await device.identity.override(new Map([[VMM_PROPERTY, prefer]]));
  return { ...(await device.virtualization.describeVmm()) };
}

function wholeNumber(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`${name} is a positive whole number`);
}

function hexText(value: unknown): string {
  if (typeof value === "string" && /^([0-9a-fA-F]{2}){1,512}$/.test(value)) return value;
  throw new Error("hex is 1 to 512 bytes in hexadecimal");
}

function textMap(value: unknown): ReadonlyMap<string, string> {
  if (typeof value !== "object" || value === null) throw new Error("set is an object");
  return new Map(
    Object.entries(value).map(([name, text]) => {
      if (typeof text !== "string") throw new Error(`the value of ${name} is no text`);
      return [name, text] as const;
    }),
  );
}

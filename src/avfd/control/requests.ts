/** What the emulator may ask of the device: to become one of its own after a snapshot, to hold VMs still around one. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describeError } from "../../base/errors.js";
import type { Device } from "../device.js";
import type { Kernel } from "../kernel.js";
import { ANDROID_RELEASES, isAndroidRelease } from "../../base/android-release.js";
import { VMM_PROPERTY } from "../vmm/select.js";
import { ADB_KEYS } from "../device-paths.js";
import { setAdbKeys } from "./adb-keys.js";
import type { ControlHandler, ControlRequest } from "./channel.js";

const run = promisify(execFile);
const HELPER_TIMEOUT_MS = 30_000;

export function controlRequests(device: Device, kernel: Pick<Kernel, "setClock" | "addEntropy">): ControlHandler {
  return async ({ command, fields }: ControlRequest) => {
    switch (command) {
      case "ping":
        await device.virtualization.ready;
        return { release: device.identity.release, pid: process.pid };
      case "adb-keys":
        await setAdbKeys(device.paths.resolve(ADB_KEYS), fields["adbKeys"]);
        return {};
      case "personalize":
        return personalize(device, kernel, fields);
      case "forget-vms":
        await device.virtualization.forgetVms();
        return {};
      case "sync":
        await run(device.paths.devctl, ["sync"], { timeout: HELPER_TIMEOUT_MS });
        return {};
      case "vmm":
        return chooseVmm(device, fields["prefer"]);
      case "freeze":
        return { frozen: await device.virtualization.freeze() };
      case "thaw":
        return { thawed: device.virtualization.thaw() };
      default:
        throw new Error(`no such command: ${command}`);
    }
  };
}

/**
 * What must differ between devices that continue from one moment, in one request: while it is not answered, nobody may use the
 * device. VMs that were saved with it resume at the end of it, unless they are to stay paused until a client attaches.
 */
async function personalize(
  device: Device,
  kernel: Pick<Kernel, "setClock" | "addEntropy">,
  fields: ControlRequest["fields"],
): Promise<Readonly<Record<string, unknown>>> {
  const epochMs = wholeNumber(fields["epochMs"], "epochMs");
  const entropy = hexBytes(fields["entropyHex"]);
  const properties = textMap(fields["properties"]);
  await setAdbKeys(device.paths.resolve(ADB_KEYS), fields["adbKeys"]);
  kernel.setClock(epochMs);
  kernel.addEntropy(entropy);
  await switchRelease(device, fields["release"]);
  await device.identity.override(properties);
  if (fields["restored"] === true) device.virtualization.restored();
  if (fields["holdVms"] !== true) device.virtualization.thaw();
  return chooseVmm(device, fields["vmm"]).then(
    (vmm) => ({ vmm }),
    (error: unknown) => ({ vmmRefusal: describeError(error) }),
  );
}

async function switchRelease({ identity, virtualization }: Device, release: unknown): Promise<void> {
  if (!isAndroidRelease(release)) throw new Error(`release is one of ${ANDROID_RELEASES.join(", ")}`);
  if (release === identity.release) return;
  const running = virtualization.list().length;
  // Their guests speak to the service in the way of the release they were started under.
  if (running > 0) throw new Error(`${running} VMs are running; the release changes only while there are none`);
  identity.setRelease(release);
  await virtualization.forgetCids();
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

function hexBytes(value: unknown): Buffer {
  if (typeof value === "string" && /^(?:[0-9a-f]{2}){1,512}$/i.test(value)) return Buffer.from(value, "hex");
  throw new Error("entropyHex is 1 to 512 bytes in hexadecimal");
}

function textMap(value: unknown): ReadonlyMap<string, string> {
  if (typeof value !== "object" || value === null) throw new Error("properties is an object");
  return new Map(
    Object.entries(value).map(([name, text]) => {
      if (typeof text !== "string") throw new Error(`the value of ${name} is no text`);
      return [name, text] as const;
    }),
  );
}

/** Devices that commands look at: those of `ANDROID_SERIAL`, else the emulated devices that run. */
import { UsageError } from "../../base/errors.js";
import { cacheFolder } from "../../base/paths.js";
import { listRunning } from "../../emulator/index.js";
import { parseSerials } from "../../lab/sources/device-source.js";

export interface KnownDevice {
  readonly serial: string;
  /** `avf-1 (127.0.0.1:40001)`, or the serial alone. */
  readonly label: string;
}

/**
 * @param wanted name of an emulated device, or any serial
 * @throws UsageError when no emulated device has that name
 */
export async function knownDevices(wanted?: string): Promise<readonly KnownDevice[]> {
  const running = (await listRunning(cacheFolder())).map(({ name, serial }) => ({
    name,
    serial,
    label: `${name} (${serial})`,
  }));
  const plain = (serial: string): KnownDevice =>
    running.find((each) => each.serial === serial) ?? { serial, label: serial };
  if (wanted === undefined) {
    const serials = parseSerials(process.env["ANDROID_SERIAL"]);
    return serials.length > 0 ? serials.map(plain) : running;
  }
  const named = running.find(({ name, serial }) => name === wanted || serial === wanted);
  if (named !== undefined) return [named];
  // Names of emulated devices that ended look like serials of phones; those with a port are clear.
  if (/:\d+$/.test(wanted) || parseSerials(process.env["ANDROID_SERIAL"]).includes(wanted)) return [plain(wanted)];
  throw new UsageError("NO_SUCH_DEVICE", `No emulated device "${wanted}" runs.`, {
    hint:
      running.length > 0
        ? `these do: ${running.map(({ name }) => name).join(", ")}; a phone is named by ANDROID_SERIAL`
        : "npx avf device start makes one; a phone is named by ANDROID_SERIAL",
  });
}

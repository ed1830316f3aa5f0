/** `AVF_HOLD`: how long the device and the VMs of a failed test are kept. */
import { UsageError } from "../../base/errors.js";

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };
const LONGEST_MS = 24 * 3_600_000;

/**
 * Undefined when nothing is to be held.
 * @throws UsageError for anything but a number with `s`, `m` or `h` behind it, up to a day
 */
export function holdTimeMs(text = process.env["AVF_HOLD"]): number | undefined {
  if (text === undefined || text === "" || text === "0") return undefined;
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? [];
  const timeMs = Number(digits) * (UNITS[unit] ?? Number.NaN);
  if (timeMs > 0 && timeMs <= LONGEST_MS) return timeMs;
  throw new UsageError("BAD_HOLD", `AVF_HOLD is "${text}", which is not a duration.`, {
    hint: "a number and a unit, up to a day: AVF_HOLD=90s, 10m, 2h",
  });
}

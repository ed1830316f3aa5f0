import { UsageError } from "../base/errors.js";

/** Of a call that was made after the device's `close()`. */
export function deviceClosed(serial: string): UsageError {
  return new UsageError("DEVICE_CLOSED", `The handle of device ${serial} was closed.`, {
    hint: "it was used after close(): await what uses the device before it is closed",
  });
}

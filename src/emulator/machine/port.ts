/** A free port of 127.0.0.1 for adb. */
import { pickPort } from "../../process/pick-port.js";

/** adb looks for emulators of its own kind here by itself, and would list our device twice. */
const ADB_SCANS = { first: 5554, last: 5682 };

export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = await pickPort();
    if (port > ADB_SCANS.last || port < ADB_SCANS.first) return port;
  }
}

/** A free port of 127.0.0.1 for adb. */
import { createServer } from "node:net";

/** adb looks for emulators of its own kind here by itself, and would list our device twice. */
const ADB_SCANS = { first: 5554, last: 5682 };

export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = await new Promise<number>((resolve, reject) => {
      const server = createServer();
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
      });
    });
    if (port > ADB_SCANS.last || port < ADB_SCANS.first) return port;
  }
}

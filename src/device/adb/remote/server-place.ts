/** Whether an adb server runs on this host: its forwards are ports of its own host, which only programs there can dial. */
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { UsageError } from "../../../base/errors.js";
import { adbServerAddress, describeAddress, type AdbServerAddress } from "../server/server-address.js";

/** By its name it is on another host. What seems to be here may be a tunnel all the same. */
export function isNamedElsewhere(address: AdbServerAddress): boolean {
  if ("spec" in address) return false;
  const { host } = address;
  if (host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host)) return false;
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return !own.some((each) => each.address === host.replace(/%.*$/, ""));
}

/** Of the server that this process uses. */
export function adbServerIsElsewhere(): boolean {
  return isNamedElsewhere(adbServerAddress());
}

/** Whether a forward that the server has opened is a port of this host: nobody else can listen there then. */
export async function landsHere(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(true));
    probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => probe.close(() => resolve(false)));
  });
}

/** @throws UsageError where the server cannot reach a port of this host's loopback */
export function requireServerHere(what: string, address = adbServerAddress()): void {
  if (!isNamedElsewhere(address)) return;
  const message = `${what} listens on 127.0.0.1 of this host, where the adb server at ${describeAddress(address)} does not reach it.`;
  throw new UsageError("ADB_SERVER_ADDRESS", message, {
    hint: "unset ADB_SERVER_SOCKET and ANDROID_ADB_SERVER_ADDRESS; or name a device of that server: ANDROID_SERIAL",
  });
}

/** Whether adb can be sent to where STF says that a device is. */
import { InfrastructureError } from "../../base/errors.js";
import type { StfServer } from "./api/server.js";

const HOST_PORT = /^[A-Za-z0-9.-]+:(\d{1,5})$/;
const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])(:\d+)?$/;

/**
 * @returns the address
 * @throws InfrastructureError `LAB_NO_DEVICE` for what is none, and for the loopback of another host: something else may
 *   answer on ours
 */
export function requireReachable(server: Pick<StfServer, "host">, serial: string, address: string): string {
  const port = Number(HOST_PORT.exec(address)?.[1]);
  if (!(port > 0 && port < 65_536)) throw misled(server, serial, `${address}, which is no HOST:PORT`);
  if (LOOPBACK.test(address) && !LOOPBACK.test(server.host)) {
    throw misled(server, serial, `${address}, on the loopback of its own host`);
  }
  return address;
}

function misled({ host }: Pick<StfServer, "host">, serial: string, where: string): InfrastructureError {
  return new InfrastructureError("LAB_NO_DEVICE", `STF at ${host} says that its device ${serial} is at ${where}.`, {
    hint: "start its providers with the address by which others reach them: --public-ip, or --connect-url-pattern",
  });
}

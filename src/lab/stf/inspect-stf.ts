/** What an STF has of what is asked for; it is only asked. */
import { parseStfAddress } from "./address.js";
import { StfServer } from "./api/server.js";
import { describeDevice, describeUse, findDevices } from "./take-device.js";
import { readToken } from "./api/token.js";

/**
 * @returns for people: `stf.example: 0A1B2C (Pixel 8) is free; anna has 0A1B2D (Pixel 8) since 20:31:05 (4 min 10 s ago)`
 * @throws what a run would throw without a device, a token or a server
 */
export async function inspectStf(url: URL): Promise<string> {
  const wanted = parseStfAddress(url);
  const server = new StfServer(wanted.server, readToken());
  const user = await server.user();
  const devices = (await findDevices(server, wanted.match)).filter(({ present }) => present);
  const told = devices.map((device) =>
    device.owner === undefined && device.ready
      ? `${describeDevice(device)} is free`
      : describeUse(device, { user, firstSeen: new Map() }, server.clockOffMs),
  );
  const shown = told.length > 5 ? [...told.slice(0, 5), `${told.length - 5} more`] : told;
  return `${server.host}: ${shown.join("; ")}`;
}

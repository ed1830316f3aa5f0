/** What a Cuttlefish host has of what is asked for; it is only asked. */
import { parseCuttlefishAddress } from "./address.js";
import { readCredentials } from "./api/credentials.js";
import { readEnvironmentConfig } from "./environment-config.js";
import { describeCvds, findCvds, requireRunning } from "./find-cvds.js";
import { Orchestrator } from "./api/orchestrator.js";

/**
 * @returns for people: `lab:2080: cvd_1/phone (Running)`
 * @throws what a run would throw for want of a device
 */
export async function inspectCuttlefish(url: URL): Promise<string> {
  const address = parseCuttlefishAddress(url);
  const orchestrator = new Orchestrator({ ...address, credentials: readCredentials(address) });
  const { wanted } = address;
  if (wanted.kind === "take") {
    const found = await findCvds(orchestrator, wanted);
    requireRunning(orchestrator, found);
    return `${address.orchestrator}: ${describeCvds(found)}`;
  }
  readEnvironmentConfig(wanted.configFile);
  const all = await orchestrator.list();
  const has = all.length === 0 ? "no devices yet" : describeCvds(all);
  return `${address.orchestrator}: ${has}; a run makes one of ${wanted.configFile}`;
}

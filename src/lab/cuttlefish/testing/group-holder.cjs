"use strict";
// `node group-holder.cjs ADDRESS`: has a device made, and a snapshot of it, says so, and holds them until it is ended.
const { join } = require("node:path");

const built = join(__dirname, "../../../../dist/lab/cuttlefish");
const { parseCuttlefishAddress } = require(join(built, "address.js"));
const { cuttlefishRewinding } = require(join(built, "checkpoints/rewinding.js"));
const { createGroup } = require(join(built, "created-group.js"));
const { readCredentials } = require(join(built, "api/credentials.js"));
const { readEnvironmentConfig } = require(join(built, "environment-config.js"));
const { Orchestrator } = require(join(built, "api/orchestrator.js"));

async function main([text]) {
  const address = parseCuttlefishAddress(new URL(text));
  const orchestrator = new Orchestrator({ ...address, credentials: readCredentials(address) });
  const onWait = (message) => process.stdout.write(`${message}\n`);
  const options = { address: text, timeoutMs: 60_000, onWait };
  const made = await createGroup(orchestrator, readEnvironmentConfig(address.wanted.configFile), options);
  const { cvd } = made;
  const device = cuttlefishRewinding(made.orchestrator, { cvd, onSnapshot: (id) => made.addSnapshot(id) });
  await device.save(undefined, "");
  process.stdout.write(`has ${cvd.group}\n`);
  setInterval(() => undefined, 60_000);
}

void main(process.argv.slice(2));

"use strict";
// `node device-holder.cjs ADDRESS LEASE_MS`: takes a device, says so, and holds it until it is ended.
const { join } = require("node:path");

const lab = join(__dirname, "../../../../dist/lab/stf");
const { leaseStfDevice } = require(join(lab, "device-lease.js"));
const { parseStfAddress } = require(join(lab, "address.js"));

async function main([address, leaseMs]) {
  const lease = await leaseStfDevice(parseStfAddress(new URL(address)), {
    token: process.env.STF_TOKEN,
    timeoutMs: 300_000,
    leaseMs: Number(leaseMs),
    signal: new AbortController().signal,
    onWait: (text) => process.stdout.write(`${text}\n`),
    adbKeys: async () => [],
  });
  process.stdout.write(`holds ${lease.name}\n`);
}

void main(process.argv.slice(2));

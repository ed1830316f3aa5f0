"use strict";
// `node place-holder.cjs ADDRESS`: takes a place, says so, and holds it until it is ended.
const { join } = require("node:path");

const lab = join(__dirname, "../../../../dist/lab/labgrid");
const { leasePlace } = require(join(lab, "place-lease.js"));
const { parseLabgridAddress } = require(join(lab, "address.js"));

async function main([address]) {
  const options = {
    timeoutMs: 300_000,
    signal: new AbortController().signal,
    onWait: (text) => process.stdout.write(`${text}\n`),
  };
  const lease = await leasePlace(parseLabgridAddress(new URL(address)), options);
  process.stdout.write(`${lease.holder} holds ${lease.place.name}\n`);
  lease.lost.addEventListener("abort", () => process.stdout.write(`${lease.lost.reason.message}\n`));
  process.on("SIGTERM", () => void lease.release().then(() => process.exit(0)));
}

void main(process.argv.slice(2));

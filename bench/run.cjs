"use strict";
// npm run bench [-- [PART…] [--json]]: ratios against peers and raw floors, measured side by side in one run.
const os = require("node:os");
const { formatRows, keepsPromise } = require("./table.cjs");

/** Each part exports `measure({ progress })`, which resolves to rows, or to `{ skipped: why }`. */
const PARTS = {
  device: "device ready: restored, bare QEMU restore, cold boot",
  start: "npm start until both VMs have greeted, against QEMU alone",
  vm: "a VM until its payload's first line, against a bare VMM",
  guest: "a VM until its payload's first line, against the guest of an earlier commit (AVF_BENCH_GUEST)",
  kernel: "avf run --kernel … --exec true, against virtme-ng and a bare VMM; 1, 2, 4 VMs",
  vmm: "a VM until its payload's first line, on crosvm and on QEMU",
  checkpoint: "a test from two VMs that run: restored, against booted",
  console: "console throughput and latency, death to failed wait",
  harness: "cost of a test without a VM, against plain Jest: 10, 100, 1,000 tests",
  scale: "how cost grows: 1, 2, 4, 8 VMs on one device; 1, 2, 4 devices",
  lab: "leases of a labgrid lab with 10, 100, 1,000 places",
  idsig: "idsig of a 1 GiB APK, against fsverity and apksigner",
};

async function main(args) {
  const asJson = args.includes("--json");
  const wanted = args.filter((arg) => arg !== "--json");
  const unknown = wanted.filter((name) => !(name in PARTS));
  if (unknown.length > 0) {
    const parts = Object.entries(PARTS).map(([name, what]) => `  ${name.padEnd(12)}${what}\n`);
    process.stderr.write(`bench: no part is called ${unknown.join(", ")}. The parts:\n${parts.join("")}`);
    return 2;
  }
  const progress = (text) => process.stderr.write(`bench: ${text}\n`);
  const parts = [];
  for (const name of wanted.length > 0 ? wanted : Object.keys(PARTS)) {
    progress(`${name}: ${PARTS[name]}`);
    const { measure } = require(`./parts/${name}.cjs`);
    const result = await measure({ progress: (text) => progress(`${name}: ${text}`) });
    const rows = Array.isArray(result) ? result : [];
    parts.push({ part: name, what: PARTS[name], rows, ...(Array.isArray(result) ? {} : result) });
    if (!asJson) process.stdout.write(formatRows(parts.at(-1)));
  }
  const machine = { cores: os.availableParallelism(), load: os.loadavg()[0], node: process.version };
  if (asJson) process.stdout.write(`${JSON.stringify({ machine, parts }, undefined, 2)}\n`);
  else process.stdout.write(`\n${machine.cores} cores, load ${machine.load.toFixed(1)}, Node ${machine.node}\n`);
  return parts.every(({ rows }) => rows.every(keepsPromise)) ? 0 : 1;
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error) => {
    process.stderr.write(`bench: ${error.stack ?? error}\n`);
    process.exitCode = 3;
  },
);

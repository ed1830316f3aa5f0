"use strict";
// Leases of a labgrid lab with 10, 100 and 1,000 places: what one costs, when the lab is idle and when all others are taken.
const { readFileSync } = require("node:fs");
const path = require("node:path");
const { row } = require("../statistics.cjs");

const dist = path.join(__dirname, "../../dist/lab/labgrid");
const SIZES = [10, 100, 1000];
const ROUNDS = 5;
/** Clients that take a place at the same time. */
const AT_ONCE = 10;
/** For one size: what is not measured by then is reported. */
const LIMIT_MS = 400_000;
const MS_PER_TICK = 10;

async function measure({ progress }) {
  if (process.env.AVF_LABGRID === undefined) {
    return { skipped: "AVF_LABGRID names no installation of labgrid; npm run test:lab makes one, and says where" };
  }
  const rows = [];
  for (const size of SIZES) rows.push(...(await measureSize(size, progress)));
  return rows;
}

async function measureSize(size, progress) {
  const { TestLab } = require(path.join(dist, "testing/test-lab.js"));
  const resources = { NetworkADBDevice: { host: "127.0.0.1", port: 5999 } };
  const names = Array.from({ length: size }, (_each, at) => `place-${at}`);
  const lab = await TestLab.start(
    Object.fromEntries(names.map((name) => [name, { tags: { kind: "sim" }, resources }])),
  );
  const clients = [];
  try {
    await lab.untilExported(size);
    const alone = [];
    for (let round = 0; round < ROUNDS; round++) {
      const startMs = performance.now();
      const client = await take(lab);
      await giveBack(client);
      alone.push(performance.now() - startMs);
    }
    const untilMs = performance.now() + LIMIT_MS;
    const cpuBefore = cpuMs(lab.coordinatorPid);
    const ownBefore = process.cpuUsage();
    const startMs = performance.now();
    while (clients.length < size && performance.now() < untilMs) {
      const share = Math.min(AT_ONCE, size - clients.length);
      clients.push(...(await Promise.all(Array.from({ length: share }, () => take(lab)))));
      if (clients.length % 100 === 0) progress(`${clients.length} of ${size} places taken`);
    }
    const taken = clients.length;
    const tookMs = performance.now() - startMs;
    const cpu = cpuMs(lab.coordinatorPid) - cpuBefore;
    const own = process.cpuUsage(ownBefore);
    const renewMs = performance.now();
    const renewCpu = cpuMs(lab.coordinatorPid);
    // The first reservations may have expired by now: a lease would have renewed them.
    await Promise.allSettled(clients.map(({ session, life }) => session.poll(life.token)));
    const renewed = { ms: performance.now() - renewMs, cpu: cpuMs(lab.coordinatorPid) - renewCpu };
    const of = `${size} places`;
    return [
      row(`${of}: take one and give it back, lab idle`, "ms", alone),
      row(`${of}: ${taken} clients take one each, ${AT_ONCE} at once, per client`, "ms", [tookMs / taken]),
      row(`${of}: … processor time of the coordinator, per client`, "ms", [cpu / taken]),
      row(`${of}: … processor time of all clients, per client`, "ms", [(own.user + own.system) / 1000 / taken]),
      row(`${of}: one renewal of each of ${taken} leases (every 15 s), in all`, "ms", [renewed.ms]),
      row(`${of}: … processor time of the coordinator`, "ms", [renewed.cpu]),
    ];
  } finally {
    for (const { session } of clients) session.close();
    await lab.stop();
  }
}

/** As a lease does, without the guardian's process. */
async function take(lab) {
  const { CoordinatorSession } = require(path.join(dist, "session.js"));
  const { beginLife, leaseName } = require(path.join(dist, "holders.js"));
  const { takePlace } = require(path.join(dist, "take-place.js"));
  const session = await CoordinatorSession.open(lab.coordinator, leaseName());
  const life = await beginLife(session);
  const options = { timeoutMs: LIMIT_MS, signal: new AbortController().signal, onWait: () => undefined };
  const wanted = { coordinator: lab.coordinator, tags: { kind: "sim" } };
  const place = await takePlace(session, wanted, life, options);
  return { session, life, place };
}

async function giveBack({ session, life, place }) {
  await session.release(place.name, session.name);
  await session.cancel(life.token);
  session.close();
}

function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

module.exports = { measure };

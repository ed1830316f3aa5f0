"use strict";
// A labgrid lab with 10, 100 and 1,000 places: what a client needs to know them and to choose one, and what a lease costs, when
// the lab is idle and when others have places, too.
const { readFileSync } = require("node:fs");
const path = require("node:path");
const v8 = require("node:v8");
const vm = require("node:vm");
const { ratio, row, timed } = require("../statistics.cjs");

const dist = path.join(__dirname, "../../dist/lab/labgrid");
const SIZES = [10, 100, 1000];
const ROUNDS = 20;
/** Of so many a client chooses one by its tags. */
const SHELVES = 10;
const CHOICES = 200;
/** So many are open at the same time, for one by itself is lost in the noise of the heap. */
const SESSIONS = 10;
/** As many as one coordinator serves well: more of them is another question than more places. */
const MAX_CLIENTS = 100;
/** Clients that take a place at the same time. */
const AT_ONCE = 10;
/** For one size: what is not measured by then is reported. */
const LIMIT_MS = 400_000;
const MS_PER_TICK = 10;

async function measure({ progress }) {
  if (process.env.AVF_LABGRID === undefined) {
    return { skipped: "AVF_LABGRID names no installation of labgrid; npm run test:lab makes one, and says where" };
  }
  const bySize = [];
  for (const size of SIZES) bySize.push(await measureSize(size, progress));
  return [...bySize.flatMap(rowsOf), ...bySize.slice(1).flatMap((each, at) => growth(bySize[at], each))];
}

function growth(smaller, larger) {
  return Object.entries(larger.figures).map(([what, { values }]) =>
    ratio(`${larger.size} places over ${smaller.size}: ${what}`, values, smaller.figures[what].values),
  );
}

function rowsOf({ size, figures }) {
  return Object.entries(figures).map(([what, { unit, values }]) => row(`${size} places: ${what}`, unit, values));
}

async function measureSize(size, progress) {
  const { TestLab } = require(path.join(dist, "testing/test-lab.js"));
  const resources = { NetworkADBDevice: { host: "127.0.0.1", port: 5999 } };
  const places = Array.from({ length: size }, (_each, at) => [
    `place-${at}`,
    { tags: { kind: "sim", shelf: String(at % SHELVES) }, resources },
  ]);
  const lab = await TestLab.start(Object.fromEntries(places));
  try {
    await lab.untilExported(size);
    progress(`${size} places are there`);
    return { size, figures: { ...(await knowing(lab, size)), ...(await leasing(lab, size, progress)) } };
  } finally {
    await lab.stop();
  }
}

/** What a client needs to know all places, and to find those that it may have. */
async function knowing(lab, size) {
  const { CoordinatorSession } = require(path.join(dist, "session.js"));
  const { leaseName } = require(path.join(dist, "holders.js"));
  const { findPlaces } = require(path.join(dist, "take-place.js"));
  const open = () => CoordinatorSession.open(lab.coordinator, leaseName());
  const sessions = [];
  try {
    // Loads what is loaded once.
    sessions.push(await open());
    const opened = [];
    const before = heapBytes();
    const cpuBefore = ownCpuMs();
    for (let count = 0; count < SESSIONS; count++) opened.push(await timed(async () => sessions.push(await open())));
    const cpu = ownCpuMs() - cpuBefore;
    const grown = heapBytes() - before;
    const [session] = sessions;
    if (session.places.size !== size) throw new Error(`the client knows ${session.places.size} of ${size} places`);
    const wanted = { coordinator: lab.coordinator, tags: { kind: "sim", shelf: "7" } };
    const chosen = [];
    for (let round = 0; round < ROUNDS; round++) {
      let found = [];
      const ms = await timed(() => {
        for (let choice = 0; choice < CHOICES; choice++) found = findPlaces(session, wanted).places;
      });
      if (found.length !== size / SHELVES) throw new Error(`${found.length} of ${size} places have the tags`);
      chosen.push((ms / CHOICES) * 1000);
    }
    return {
      "a client reads all places": { unit: "ms", values: opened },
      "for that its processor time": { unit: "ms", values: [cpu / SESSIONS] },
      "it finds those with two tags": { unit: "µs", values: chosen },
      "its memory for them": { unit: "KiB", values: [grown / SESSIONS / 1024] },
    };
  } finally {
    for (const session of sessions) session.close();
  }
}

async function leasing(lab, size, progress) {
  const alone = [];
  const aloneBefore = cpuMs(lab.coordinatorPid);
  for (let round = 0; round < ROUNDS; round++) {
    alone.push(await timed(async () => giveBack(await take(lab))));
  }
  const aloneCpu = cpuMs(lab.coordinatorPid) - aloneBefore;
  const clients = [];
  try {
    const wanted = Math.min(size, MAX_CLIENTS);
    const untilMs = performance.now() + LIMIT_MS;
    const cpuBefore = cpuMs(lab.coordinatorPid);
    const ownBefore = ownCpuMs();
    const startMs = performance.now();
    while (clients.length < wanted && performance.now() < untilMs) {
      const share = Math.min(AT_ONCE, wanted - clients.length);
      clients.push(...(await Promise.all(Array.from({ length: share }, () => take(lab)))));
    }
    const taken = clients.length;
    progress(`${taken} of ${size} places taken`);
    if (taken < wanted) throw new Error(`only ${taken} of ${wanted} clients had a place after ${LIMIT_MS} ms`);
    const tookMs = performance.now() - startMs;
    const cpu = cpuMs(lab.coordinatorPid) - cpuBefore;
    const own = ownCpuMs() - ownBefore;
    const renewMs = performance.now();
    const renewCpu = cpuMs(lab.coordinatorPid);
    // The first reservations may have expired by now: a lease would have renewed them.
    await Promise.allSettled(clients.map(({ session, life }) => session.poll(life.token)));
    const renewed = { ms: performance.now() - renewMs, cpu: cpuMs(lab.coordinatorPid) - renewCpu };
    const many = `up to ${MAX_CLIENTS} clients take one each, ${AT_ONCE} at once`;
    return {
      "take one and give it back, lab idle": { unit: "ms", values: alone },
      "for that the coordinator's processor time": { unit: "ms", values: [aloneCpu / ROUNDS] },
      [`${many}, per client`]: { unit: "ms", values: [tookMs / taken] },
      "for that the coordinator's processor time, per client": { unit: "ms", values: [cpu / taken] },
      "for that the clients' processor time, per client": {
        unit: "ms",
        values: [own / taken],
      },
      "all these leases are renewed (every 15 s), per lease": { unit: "ms", values: [renewed.ms / taken] },
      "for that the coordinator's processor time, per lease": { unit: "ms", values: [renewed.cpu / taken] },
    };
  } finally {
    for (const { session } of clients) session.close();
  }
}

/** After what is not used any more was taken away. */
function heapBytes() {
  v8.setFlagsFromString("--expose-gc");
  const collect = vm.runInNewContext("gc");
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** As a lease does, without the guardian's process. */
async function take(lab) {
  const { CoordinatorSession } = require(path.join(dist, "session.js"));
  const { beginLife, leaseName } = require(path.join(dist, "holders.js"));
  const { takePlace } = require(path.join(dist, "take-place.js"));
  const session = await CoordinatorSession.open(lab.coordinator, leaseName());
  const options = { timeoutMs: LIMIT_MS, signal: new AbortController().signal, onWait: () => undefined };
  const wanted = { coordinator: lab.coordinator, tags: { kind: "sim" } };
  return { session, ...(await takePlace(session, wanted, await beginLife(session), options)) };
}

async function giveBack({ session, life, place }) {
  await session.release(place.name, session.name);
  await session.cancel(life.token);
  session.close();
}

function ownCpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

module.exports = { measure };

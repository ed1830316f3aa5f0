/** Leases against labgrid's own coordinator: `npm run test:lab`. */
import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { sleep } from "../../../base/deadline.js";
import { parseLabgridAddress } from "../address.js";
import { inspectLabgrid } from "../inspect-lab.js";
import { GROUP, STATES, type Reservation } from "../model.js";
import { leasePlace, type PlaceLease } from "../place-lease.js";
import { CoordinatorSession } from "../session.js";
import { holdPlace } from "./hold-place.js";
import { TestLab, waitFor } from "./test-lab.js";

jest.setTimeout(180_000);

/** The coordinator ends a reservation that nobody asked for in that time. */
const LIFE_MS = 60_000;
const isLife = (filters: Reservation["filters"]): boolean => filters[GROUP]?.filter["jest_avf_lease"] !== undefined;

const adb = { NetworkADBDevice: { host: "127.0.0.1", port: 5999 } };
let lab: TestLab;
const leases: PlaceLease[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  lab = await TestLab.start({
    "shelf-1": { aliases: ["first"], tags: { board: "pixel8", android: "15" }, resources: adb },
    "shelf-2": { tags: { board: "pixel8", android: "16" }, resources: adb },
  });
});
afterAll(() => lab.stop());
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await Promise.all(leases.splice(0).map((lease) => lease.release()));
});

async function lease(query: string, told: string[] = [], timeoutMs = 150_000): Promise<PlaceLease> {
  const options = { timeoutMs, signal: new AbortController().signal, onWait: (text: string) => void told.push(text) };
  const got = await leasePlace(parseLabgridAddress(lab.address(query)), options);
  leases.push(got);
  return got;
}

async function holdElsewhere(query: string): ReturnType<typeof holdPlace> {
  const held = await holdPlace(lab.address(query));
  children.push(held.child);
  return held;
}

/** Processes that it has started and that live on without it. */
function startedBy(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
}

test.each([
  ["place=shelf-1", "shelf-1"],
  ["place=first", "shelf-1"],
  ["match=tag:board=pixel8&match=tag:android=16", "shelf-2"],
])("%s is %s, with its resources, until it is released", async (query, name) => {
  const got = await lease(query);
  expect(await lab.holderOf(name)).toBe(got.holder);
  expect(got.resources.map(({ path }) => path)).toEqual([`exporter/${name}/NetworkADBDevice/NetworkADBDevice`]);
  await got.release();
  await got.release();
  expect(await lab.holderOf(name)).toBe("None");
  expect((await lab.client("reservations")).trim()).toBe("");
});

test("a waiting client sees who has the place and since when, and gets it next", async () => {
  const first = await lease("place=shelf-1");
  const told: string[] = [];
  const second = lease("place=shelf-1", told);
  await waitFor("word", () => told.length > 0);
  expect(told[0]).toMatch(/^Waiting for a place: \S+\/\S+ has shelf-1 since \d\d:\d\d:\d\d \(\d+(\.\d)? m?s ago\)$/);
  expect(told[0]).toContain(first.holder);
  await first.release();
  expect((await second).place.name).toBe("shelf-1");
});

test("a place acquired with labgrid's own client is waited for, and not taken", async () => {
  await lab.client("-p", "shelf-1", "acquire");
  const told: string[] = [];
  const error = await lease("place=shelf-1", told, 25_000).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: "DEVICE_BUSY", message: expect.stringMatching(/has shelf-1 since/) as unknown });
  expect(told).toHaveLength(1);
  await lab.client("-p", "shelf-1", "release");
});

test("a lookup takes nothing", async () => {
  const first = await lease("place=shelf-1");
  expect(await inspectLabgrid(lab.address("match=tag:board=pixel8"))).toBe(
    `${lab.coordinator}: ${first.holder} has shelf-1; shelf-2 is free`,
  );
  await expect(inspectLabgrid(lab.address("place=shelf-9"))).rejects.toMatchObject({ code: "LAB_NO_PLACE" });
});

test("a match that no place has fails at once, with a list of places", async () => {
  for (const query of ["place=shelf-9", "match=tag:board=pixel9"]) {
    const error = await lease(query).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "LAB_NO_PLACE", hint: expect.stringContaining("shelf-1, shelf-2") as unknown });
  }
  expect((await lab.client("reservations")).trim()).toBe("");
});

test("a signal ends the wait, and takes us out of the queue", async () => {
  await lease("place=shelf-1");
  const controller = new AbortController();
  const options = { timeoutMs: 60_000, signal: controller.signal, onWait: () => controller.abort(new Error("enough")) };
  await expect(leasePlace(parseLabgridAddress(lab.address("place=shelf-1")), options)).rejects.toThrow("enough");
  // That of the holder is left.
  expect((await lab.client("reservations")).match(/main:/g)).toHaveLength(1);
});

test("a holder that SIGKILL ended gives its place back at once", async () => {
  const { child, holder } = await holdElsewhere("place=shelf-1");
  expect(await lab.holderOf("shelf-1")).toBe(holder);
  child.kill("SIGKILL");
  await waitFor("release", async () => (await lab.holderOf("shelf-1")) === "None");
  expect((await lab.client("reservations")).trim()).toBe("");
});

test("a holder that died with its guardian loses the place to the next within a lease", async () => {
  const { child, holder } = await holdElsewhere("place=shelf-1");
  const guardians = startedBy(child.pid ?? 0);
  expect(guardians).toHaveLength(1);
  for (const pid of guardians) process.kill(pid, "SIGKILL");
  child.kill("SIGKILL");
  await once(child, "exit");
  const told: string[] = [];
  await lease("place=shelf-1", told);
  expect(told).toContain(`shelf-1 was released: ${holder}, which had it, is dead`);
});

test("a client that waited for longer than a minute is alive to others when it has the place", async () => {
  const first = await lease("place=shelf-1");
  const second = lease("place=shelf-1");
  const observer = await CoordinatorSession.open(lab.coordinator, "host/observer");
  try {
    await sleep(LIFE_MS + 15_000);
    const livesOfHolder = async (): Promise<readonly number[]> => {
      for (;;) {
        const { acquired = "" } = observer.places.get("shelf-1") ?? {};
        const others = acquired === "" || acquired === first.holder ? [] : await observer.reservations();
        const lives = others.filter(({ owner, filters }) => owner === acquired && isLife(filters));
        if (others.length > 0) return lives.map(({ state = STATES.waiting }) => state);
        await observer.untilChange(60_000, new AbortController().signal);
      }
    };
    const seen = livesOfHolder();
    await first.release();
    expect(await seen).toContain(STATES.waiting);
    expect((await second).lost.aborted).toBe(false);
  } finally {
    observer.close();
  }
});

test("a place that another user releases or takes is lost", async () => {
  const ours = await lease("place=shelf-1");
  const lost = once(ours.lost, "abort");
  await lab.client("-p", "shelf-1", "release", "--kick");
  await lost;
  expect(ours.lost.reason).toMatchObject({ code: "LEASE_LOST", kind: "infrastructure" });
  expect(await lab.holderOf("shelf-1")).toBe("None");
});

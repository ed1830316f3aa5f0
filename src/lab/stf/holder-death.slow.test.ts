/** Whoever dies by SIGKILL gives its device back: at once by its guardian, and by STF's own time limit without one. */
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../base/testing/until.js";
import { FakeStf } from "./testing/fake-stf.js";

const LEASE_MS = 4_000;
let stf: FakeStf;
let holder: ChildProcess | undefined;
beforeEach(async () => void (stf = await FakeStf.start({ A: {} })));
afterEach(async () => {
  holder?.kill("SIGKILL");
  await stf.stop();
});

async function hold(leaseMs: number): Promise<ChildProcess> {
  const program = join(__dirname, "testing/device-holder.cjs");
  holder = spawn(process.execPath, [program, stf.address().href, String(leaseMs)], {
    env: { ...process.env, STF_TOKEN: "secret" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  holder.stdout?.on("data", (chunk: Buffer) => (output += String(chunk)));
  await until("the holder", () => output.includes("holds A"));
  return holder;
}

function startedBy({ pid = 0 }: ChildProcess): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
}

test("a holder that SIGKILL ended gives its device back at once", async () => {
  const child = await hold(3_600_000);
  const [guardian = 0] = startedBy(child);
  expect(readFileSync(`/proc/${guardian}/cmdline`, "utf8")).not.toContain("secret");
  child.kill("SIGKILL");
  await until("the device to be free", () => stf.device("A").owner === null);
  expect(stf.device("A").endings).toEqual(["ungroup_request"]);
});

test("a holder that died with its guardian loses the device within a lease", async () => {
  const child = await hold(LEASE_MS);
  await until("two renewals", () => stf.device("A").renewals > 2);
  const guardians = startedBy(child);
  expect(guardians).toHaveLength(1);
  for (const pid of guardians) process.kill(pid, "SIGKILL");
  child.kill("SIGKILL");
  await once(child, "exit");
  await until("the device to be free", () => stf.device("A").owner === null);
  expect(stf.device("A").endings).toEqual(["automatic_timeout"]);
});

test("a device that another user has by then stays theirs", async () => {
  const child = await hold(3_600_000);
  child.kill("SIGSTOP");
  stf.device("A").leave("automatic_timeout");
  stf.device("A").join({ email: "ci@stf.example", name: "ci" }, 3_600_000);
  const [guardian = 0] = startedBy(child);
  const looks = stf.count("GET /devices/A");
  child.kill("SIGKILL");
  await until("the guardian's look", () => stf.count("GET /devices/A") > looks);
  await until("the guardian's end", () => !existsSync(`/proc/${guardian}`));
  expect(stf.device("A").endings).toEqual(["automatic_timeout"]);
});

test("its guardian knows which use was ours, even if STF shows it late", async () => {
  const device = stf.device("A");
  device.isUsageNoted = false;
  // Longer than it is waited for that STF tells.
  const child = await hold(3 * LEASE_MS);
  device.isUsageNoted = true;
  const { renewals } = device;
  await until("two renewals", () => device.renewals > renewals + 1);
  await until("the end of its first guardian", () => startedBy(child).length === 1);
  child.kill("SIGSTOP");
  const [guardian = 0] = startedBy(child);
  device.leave("automatic_timeout");
  device.join({ email: "ci@stf.example", name: "ci" }, 3_600_000);
  const looks = stf.count("GET /devices/A");
  child.kill("SIGKILL");
  await until("the guardian's look", () => stf.count("GET /devices/A") > looks);
  await until("the guardian's end", () => !existsSync(`/proc/${guardian}`));
  expect(device.endings).toEqual(["automatic_timeout"]);
});

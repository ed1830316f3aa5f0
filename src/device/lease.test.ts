import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { leaseDevice, leasePath } from "./lease.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-lease-"));
  process.env["AVF_CACHE_DIR"] = folder;
});
afterEach(() => {
  delete process.env["AVF_CACHE_DIR"];
  rmSync(folder, { recursive: true });
});

test("the second times out while the first holds the device, and learns who does", async () => {
  const lease = await leaseDevice("10.0.0.1:5555", { runId: "first", timeoutMs: 1_000 });
  await expect(leaseDevice("10.0.0.1:5555", { runId: "second", timeoutMs: 0 })).rejects.toMatchObject({
    code: "DEVICE_BUSY",
    message: expect.stringMatching(
      new RegExp(
        `^Device 10\\.0\\.0\\.1:5555 is in use by process ${process.pid} \\(run first\\) since [\\d:]{8} \\(.* ago\\)`,
      ),
    ),
  });
  lease.release();
});

test("the second gets the device when the first releases it", async () => {
  const first = await leaseDevice("a", { runId: "first", timeoutMs: 1_000 });
  const second = leaseDevice("a", { runId: "second", timeoutMs: 10_000, onWait: () => first.release() });
  expect((await second).serial).toBe("a");
  (await second).release();
  expect(existsSync(leasePath("a"))).toBe(false);
});

test("a second release frees nobody else's lease", async () => {
  const first = await leaseDevice("a", { runId: "first", timeoutMs: 1_000 });
  first.release();
  const second = await leaseDevice("a", { runId: "second", timeoutMs: 1_000 });
  first.release();
  await expect(leaseDevice("a", { runId: "third", timeoutMs: 0 })).rejects.toMatchObject({ code: "DEVICE_BUSY" });
  second.release();
});

test("a lease whose holder died is taken over", async () => {
  const { pid } = spawnSync("true");
  mkdirSync(dirname(leasePath("a")), { recursive: true });
  writeFileSync(leasePath("a"), JSON.stringify({ pid, startTicks: "1", purpose: "using device a (run dead)" }));
  const lease = await leaseDevice("a", { runId: "next", timeoutMs: 5_000 });
  expect(JSON.parse(readFileSync(leasePath("a"), "utf8"))).toMatchObject({ pid: process.pid });
  lease.release();
});

test("a signal ends the wait", async () => {
  const first = await leaseDevice("a", { runId: "first", timeoutMs: 1_000 });
  const controller = new AbortController();
  const wait = leaseDevice("a", {
    runId: "second",
    timeoutMs: 10_000,
    signal: controller.signal,
    onWait: () => controller.abort(new Error("interrupted")),
  });
  await expect(wait).rejects.toThrow("interrupted");
  first.release();
});

test.each([
  ["a:b", "a_b"],
  ["a/b", "a%2f.b"],
  ["..", "."],
  ["a%3a.b", "a:b"],
])("%s and %s have files of their own in the folder", (one, other) => {
  expect(leasePath(one)).not.toBe(leasePath(other));
  expect(dirname(leasePath(one))).toBe(join(folder, "leases"));
  expect(dirname(leasePath(other))).toBe(join(folder, "leases"));
});

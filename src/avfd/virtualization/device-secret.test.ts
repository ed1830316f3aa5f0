import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeviceSecret } from "./device-secret.js";

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "device-secret-"));
  file = join(folder, "misc/keys/device_secret");
});
afterEach(() => rm(folder, { recursive: true }));

test("a device has one secret, which outlives the service and which no other user can read", async () => {
  const service = new DeviceSecret(file);
  const [first, second] = await Promise.all([service.get(), service.get()]);
  expect(first).toHaveLength(32);
  expect(second).toEqual(first);
  expect(await new DeviceSecret(file).get()).toEqual(first);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, "misc/keys"))).mode & 0o777).toBe(0o700);
});

test("two devices have two", async () => {
  const other = new DeviceSecret(join(folder, "other"));
  expect(await other.get()).not.toEqual(await new DeviceSecret(file).get());
});

test("a forgotten one is replaced", async () => {
  const service = new DeviceSecret(file);
  const first = await service.get();
  await service.forget();
  const second = await service.get();
  expect(second).not.toEqual(first);
  expect(await new DeviceSecret(file).get()).toEqual(second);
  await service.forget();
  await service.forget();
});

test("a damaged one is never replaced: that would take all VMs their identity", async () => {
  await new DeviceSecret(file).get();
  await writeFile(file, "short");
  await expect(new DeviceSecret(file).get()).rejects.toThrow("has 5 bytes, not 32");
});

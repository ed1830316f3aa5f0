/** What becomes of a file's device that is somebody else's before the file is over. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RunRecord } from "../artifacts/run-record.js";
import { until } from "../base/testing/until.js";
import { LentDevices, type Lent } from "../lab/testing/lent-devices.js";
import { chooseSource } from "./device-choice.js";
import { FileDevice } from "./file-device.js";
import { readOptions } from "./options.js";

jest.mock("./device-choice.js");

const savedCache = process.env["AVF_CACHE_DIR"];
let folder: string;
let lab: LentDevices;
let file: FileDevice;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-file-device-"));
  process.env["AVF_CACHE_DIR"] = join(folder, "cache");
  use(new LentDevices());
});
afterEach(async () => {
  await file.close();
  await lab.remove();
  if (savedCache === undefined) delete process.env["AVF_CACHE_DIR"];
  else process.env["AVF_CACHE_DIR"] = savedCache;
  rmSync(folder, { recursive: true });
});

function use(devices: LentDevices): void {
  lab = devices;
  jest
    .mocked(chooseSource)
    .mockReturnValue({ source: lab, timeoutMs: 60_000, what: "a device of the lab", key: "lab" });
  file = new FileDevice(readOptions({}, folder), folder, new RunRecord("", true), () => undefined);
}

const releases = (): readonly number[] => lab.lent.map((each) => each.releases);

test("calls under way end with the reason, what runs there ends, and it is given back at once", async () => {
  const { device } = await file.open();
  const call = device.exec(["sleep", "3600"]);
  const command = device.spawn(["sleep", "3600"]);
  const { loss, lose } = lab.at(1);
  lose();
  await expect(call).rejects.toBe(loss);
  expect(device.gone.reason).toBe(loss);
  expect(await command.ended).toEqual({ exitCode: undefined });
  await until("the device to be given back", () => releases()[0] === 1);
});

test("nothing more is done there, neither for the test nor to clean up, and the next attempt has another", async () => {
  const { device } = await file.open();
  const { device: first, loss, lose } = lab.at(1);
  lose();
  const callsBefore = first.calls.length;
  await expect(device.exec(["true"])).rejects.toBe(loss);
  await expect(device.push(Buffer.from("ours"), "/data/local/tmp/ours")).rejects.toBe(loss);
  expect(() => device.spawn(["true"])).toThrow(loss);
  await file.renew();
  const next = await file.open();
  expect(await next.device.exec(["cat", "/data/local/tmp/name"])).toMatchObject({ stdout: "place-2" });
  expect(next.device.gone.aborted).toBe(false);
  expect(first.calls.slice(callsBefore)).toEqual([]);
  await file.close();
  expect(releases()).toEqual([1, 1]);
});

test("a file that is over then closes without an error", async () => {
  await file.open();
  const { device, lose } = lab.at(1);
  lose();
  const callsBefore = device.calls.length;
  await file.close();
  expect(device.calls.slice(callsBefore)).toEqual([]);
  expect(releases()).toEqual([1]);
});

test("one that is lost before it is ready fails that attempt with the reason, and the next one has another", async () => {
  await lab.remove();
  use(new LentDevices(({ lose }: Lent) => void (lab.lent.length === 1 && lose())));
  await expect(file.open()).rejects.toMatchObject({ code: "LEASE_LOST" });
  expect(lab.at(1).device.calls).toEqual([]);
  await file.renew();
  expect((await file.open()).device.gone.aborted).toBe(false);
});

import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { until } from "../base/testing/until.js";
import type { DeviceProcess } from "../device/contract.js";
import { HostDevice } from "../device/testing/host-device.js";
import { FollowedFile, TAIL } from "./followed-file.js";

let folder: string;
let path: string;
let device: WatchedDevice;
let content: string;
const listen = (chunk: Buffer): void => {
  content += String(chunk);
};

/** Keeps hold of what it starts, so that tests can end it. */
class WatchedDevice extends HostDevice {
  readonly started: DeviceProcess[] = [];
  override spawn(argv: readonly string[]): DeviceProcess {
    const child = super.spawn(argv);
    this.started.push(child);
    return child;
  }
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-tail-"));
  path = join(folder, "console.txt");
  writeFileSync(path, "");
  device = new WatchedDevice({ programs: { [TAIL]: "tail" } });
  content = "";
});
afterEach(async () => {
  await device.close();
  rmSync(folder, { recursive: true });
});

function followed(): FollowedFile {
  const file = new FollowedFile(device, path, listen);
  file.begin();
  return file;
}

const arrived = (text: string): Promise<boolean> => until(`"${text}" to arrive`, () => content.includes(text));

test("delivers what was there before and what comes later, once", async () => {
  appendFileSync(path, "one\n");
  const file = followed();
  await arrived("one");
  appendFileSync(path, "two\n");
  await arrived("two");
  await file.finish();
  expect(content).toBe("one\ntwo\n");
});

test("delivers at the end what it had not read yet", async () => {
  const file = followed();
  appendFileSync(path, "x".repeat(300_000));
  await file.finish();
  expect(content).toHaveLength(300_000);
});

test("continues where it stopped when its connection breaks", async () => {
  const file = followed();
  appendFileSync(path, "one\n");
  await arrived("one");
  await device.started[0]?.stop();
  appendFileSync(path, "two\n");
  await arrived("two");
  await file.finish();
  expect(content).toBe("one\ntwo\n");
  expect(device.started.length).toBeGreaterThan(2);
});

test("one that was never begun is delivered at its end", async () => {
  const file = new FollowedFile(device, path, listen, 4);
  appendFileSync(path, "one\ntwo\n");
  expect(device.started).toEqual([]);
  await file.finish();
  expect(content).toBe("two\n");
  file.begin();
  expect(device.started).toHaveLength(1);
});

test("a device that is gone ends it", async () => {
  const file = followed();
  await device.vanish(new Error("gone"));
  await file.finish();
  expect(content).toBe("");
});

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { HostDevice } from "../device/testing/host-device.js";
import { IMAGES_FOLDER, provision } from "./index.js";

const savedCache = process.env["AVF_CACHE_DIR"];
let folder: string;
let root: string;
let device: HostDevice;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-coming-"));
  root = join(folder, "device");
  process.env["AVF_CACHE_DIR"] = join(folder, "cache");
  mkdirSync(join(root, "data/local/tmp"), { recursive: true });
  device = new HostDevice({ root });
});
afterEach(() => {
  if (savedCache === undefined) delete process.env["AVF_CACHE_DIR"];
  else process.env["AVF_CACHE_DIR"] = savedCache;
  rmSync(folder, { recursive: true });
});

const request = { noted: true, serialNumber: "PHONE1" };
const onDevice = (): readonly string[] => readdirSync(join(root, "data/local/tmp"));
const notes = (): readonly string[] => readdirSync(join(folder, "cache/left-on-devices/host"));
/** Commands that leave the mark by which a later run recognises the device. */
const marks = (): readonly string[] =>
  device.calls.map((argv) => argv.join(" ")).filter((line) => /\.avf-run-/.test(line));

describe("images that are asked for with the rest", () => {
  test("come under the run's note, and go with it, also those that nobody waited for", async () => {
    const { cleanUp } = await provision(device, { root: folder, ...request, images: [Buffer.from("kernel")] });
    expect(notes()).toHaveLength(1);
    await cleanUp();
    expect(device.calls.map(([program]) => program)).toContain("ls");
    expect([onDevice(), notes()]).toEqual([[], []]);
  });

  test("are there for a VM that is made with them", async () => {
    const kernel = Buffer.from("kernel");
    const { images, cleanUp } = await provision(device, { root: folder, ...request, images: [kernel] });
    const { path, done } = await images.put(kernel);
    await done;
    expect(path.startsWith(`${IMAGES_FOLDER}/`)).toBe(true);
    expect(existsSync(join(root, path))).toBe(true);
    await cleanUp();
    expect(onDevice()).toEqual([]);
  });

  test("are not put on a device that cannot be marked as the one of the note", async () => {
    const exec = device.exec.bind(device);
    device.exec = async (argv, options) => {
      if (argv.join(" ").includes(".avf-run-")) throw new Error("read-only");
      return exec(argv, options);
    };
    const images = [Buffer.from("kernel")];
    await expect(provision(device, { root: folder, ...request, images })).rejects.toThrow("read-only");
    expect([onDevice(), notes()]).toEqual([[], []]);
  });

  test("that cannot be read fail for whoever asks for them, and nobody else", async () => {
    const missing = join(folder, "missing");
    const { images, cleanUp } = await provision(device, { root: folder, ...request, images: [missing] });
    await expect(images.put(missing)).rejects.toThrow(/ENOENT/);
    await cleanUp();
    expect(onDevice()).toEqual([]);
  });
});

test("a device whose serial number is known is not asked for it", async () => {
  const { cleanUp } = await provision(device, { root: folder, ...request });
  expect(marks()).toEqual([expect.not.stringContaining("ro.serialno")]);
  await cleanUp();
});

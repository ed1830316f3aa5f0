import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { packageRoot } from "../../base/paths.js";
import { silentProgress } from "../../base/progress.js";
import { sourcesKey } from "../image/key.js";
import { DEVICE_DATA, DEVICE_INDEX, deviceIndex, parseDeviceIndex } from "./device-index.js";
import { requireOutFolder } from "./device-npm-package.js";
import { findDevicePackage } from "./device-package.js";
import { packDevice } from "./pack-device.js";
import { unpackDevice } from "./unpack-device.js";

const { version } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { readonly version: string };
const packages = [{ file: "adb_1%3a34_amd64.deb", sha256: "0" }];
let folder: string;
let image: string;
let packed: string;
let digest: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "avf-device-"));
  image = join(folder, "image");
  mkdirSync(join(image, "emulator/bin"), { recursive: true });
  const program = execFileSync("head", ["-c", "300000", process.execPath]);
  writeFileSync(join(image, "emulator/bin/qemu"), program, { mode: 0o755 });
  writeFileSync(join(image, "kernel"), "a kernel");
  writeFileSync(join(image, "nothing"), "");
  // A program within a file system, between holes, and once more.
  const disk = await open(join(image, "root.img"), "w");
  await disk.write(program, 0, undefined, 40_960);
  await disk.write(program.subarray(0, 8192), 0, undefined, 4_096_000);
  await disk.truncate(64 << 20);
  await disk.close();
  packed = await pack("packed");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function pack(name: string): Promise<string> {
  const out = join(folder, name);
  mkdirSync(out);
  const index = await packDevice({ imageFolder: image, packages, sources: sourcesKey(), outFolder: out, quality: 1 });
  ({ digest } = index);
  writeFileSync(
    join(out, "package.json"),
    JSON.stringify({ name: "jest-avf-device", version, os: ["linux"], cpu: ["x64"] }),
  );
  return out;
}

/** A package of its own, to be spoilt. */
function copyOf(name: string): string {
  const copy = join(folder, name);
  execFileSync("cp", ["-r", packed, copy]);
  return copy;
}

async function unpack(from: string, name: string): Promise<string> {
  const devicePackage = await findDevicePackage(from);
  if (devicePackage === undefined) throw new Error("it was not found");
  const imageFolder = join(folder, "images", name);
  mkdirSync(join(folder, "images"), { recursive: true });
  await unpackDevice({ devicePackage, imageFolder, progress: silentProgress });
  return imageFolder;
}

test("an image comes out of its package as it was, sparse, and what was in it twice is packed once", async () => {
  const unpacked = await unpack(packed, "whole");
  expect(execFileSync("diff", ["-r", image, unpacked], { encoding: "utf8" })).toBe("");
  expect(statSync(join(unpacked, "emulator/bin/qemu")).mode & 0o777).toBe(0o755);
  expect(statSync(join(unpacked, "kernel")).mode & 0o777).toBe(0o644);
  expect(statSync(join(unpacked, "root.img")).blocks * 512).toBeLessThan(2 << 20);
  const index = parseDeviceIndex(readFileSync(join(packed, DEVICE_INDEX), "utf8"));
  const kept = index.files.flatMap(({ runs }) => runs).reduce((sum, run) => sum + (run[0] === "data" ? run[1] : 0), 0);
  expect(kept).toBeLessThan(320_000);
});

test("the digest covers names, contents and modes: path, times and holes of an image do not count", async () => {
  const before = digest;
  execFileSync("touch", ["-d", "2001-01-01", join(image, "kernel")]);
  chmodSync(join(image, "kernel"), 0o600);
  const disk = await open(join(image, "root.img"), "r+");
  await disk.write(Buffer.alloc(100_000), 0, undefined, 10 << 20);
  await disk.close();
  await pack("again");
  expect(digest).toBe(before);
  chmodSync(join(image, "kernel"), 0o700);
  await pack("with-other-rights");
  expect(digest).not.toBe(before);
  chmodSync(join(image, "kernel"), 0o644);
});

test.each([
  ["truncated", (path: string) => truncateSync(join(path, DEVICE_DATA), 1000)],
  ["longer than it was", (path: string) => appendFileSync(join(path, DEVICE_DATA), "more")],
  [
    "changed in the middle",
    (path: string) => {
      const data = readFileSync(join(path, DEVICE_DATA));
      data.writeUInt8(data.readUInt8(data.length >> 1) ^ 0xff, data.length >> 1);
      writeFileSync(join(path, DEVICE_DATA), data);
    },
  ],
  ["without its data", (path: string) => rmSync(join(path, DEVICE_DATA))],
  ["without its index", (path: string) => rmSync(join(path, DEVICE_INDEX))],
  ["with half an index", (path: string) => truncateSync(join(path, DEVICE_INDEX), 100)],
  [
    "with one number of its index changed",
    (path: string) => rewrite(path, DEVICE_INDEX, '["zeros",40960]', '["zeros",40961]'),
  ],
  ["with an empty package.json", (path: string) => truncateSync(join(path, "package.json"), 0)],
  ["without its package.json", (path: string) => rmSync(join(path, "package.json"))],
  [
    "with a file outside of the image",
    (path: string) => {
      const text = readFileSync(join(path, DEVICE_INDEX), "utf8");
      writeFileSync(join(path, DEVICE_INDEX), text.replace('"path":"kernel"', '"path":"../kernel"'));
    },
  ],
])("a package %s is reported, with the command that fixes it, and leaves nothing", async (name, spoil) => {
  // Its path has spaces.
  const spoilt = copyOf(`package ${name}`);
  spoil(spoilt);
  await expect(unpack(spoilt, "none")).rejects.toMatchObject({
    code: "DEVICE_PACKAGE_DAMAGED",
    hint: `reinstall it: rm -r '${spoilt}' && npm install --save-dev jest-avf-device@${version}`,
  });
  expect(readdirSync(join(folder, "images")).filter((each) => each.startsWith("none"))).toEqual([]);
  // The second try, with a good one, works.
  expect(existsSync(join(await unpack(packed, `after-${name.replaceAll(" ", "-")}`), "kernel"))).toBe(true);
});

test("a folder that the package cannot be written into is refused before the package is made", () => {
  const file = join(folder, "a file");
  writeFileSync(file, "");
  for (const path of [file, join(file, "out"), ...(process.platform === "linux" ? ["/proc/out"] : [])]) {
    expect(() => requireOutFolder(path)).toThrow(`The package cannot be written into ${path}: `);
  }
  expect(() => requireOutFolder(join(folder, "not/there/yet"))).not.toThrow();
});

test.each([
  ["version", "DEVICE_PACKAGE_VERSION", (path: string) => rewrite(path, "package.json", version, "0.0.7")],
  [
    "sources",
    "DEVICE_PACKAGE_SOURCES",
    (path: string) => {
      const index = parseDeviceIndex(readFileSync(join(path, DEVICE_INDEX), "utf8"));
      writeFileSync(join(path, DEVICE_INDEX), JSON.stringify(deviceIndex({ ...index, sources: "0123456789abcdef" })));
    },
  ],
  ["architecture", "DEVICE_PACKAGE_VERSION", (path: string) => rewrite(path, "package.json", "x64", "arm64")],
])("a package of another %s is refused", async (name, code, change) => {
  const other = copyOf(`other-${name}`);
  change(other);
  await expect(findDevicePackage(other)).rejects.toMatchObject({
    code,
    hint: expect.stringMatching(/install|pack both/),
  });
});

function rewrite(path: string, file: string, from: string, to: string): void {
  writeFileSync(join(path, file), readFileSync(join(path, file), "utf8").replaceAll(from, to));
}

// Who may not mount has no small file system to try it on.
(process.getuid?.() === 0 ? test : test.skip)("no space is told as such", async () => {
  const small = join(folder, "small");
  mkdirSync(small);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=200k", "tmpfs", small]);
  try {
    const devicePackage = await findDevicePackage(packed);
    if (devicePackage === undefined) throw new Error("it was not found");
    const unpacking = unpackDevice({ devicePackage, imageFolder: join(small, "image"), progress: silentProgress });
    await expect(unpacking).rejects.toMatchObject({ code: "NO_SPACE", hint: expect.stringContaining("AVF_CACHE_DIR") });
    expect(readdirSync(small)).toEqual([]);
    // The second try, with room, works.
    execFileSync("mount", ["-o", "remount,size=16m", small]);
    await unpackDevice({ devicePackage, imageFolder: join(small, "image"), progress: silentProgress });
    expect(existsSync(join(small, "image/kernel"))).toBe(true);
  } finally {
    execFileSync("umount", [small]);
  }
});

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { HostDevice } from "../device/testing/host-device.js";
import { remoteFiles } from "./remote-files.js";

let folder: string;
const files = remoteFiles(new HostDevice());
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "avf-files-")), "a folder", "vm");
  mkdirSync(folder, { recursive: true });
});
afterEach(() => rmSync(join(folder, "../.."), { recursive: true }));

/** A shell in which these functions stand for programs that fail. */
function shellWith(functions: string): HostDevice {
  const path = join(folder, "../../sh");
  writeFileSync(path, `#!/bin/sh\nscript=$2\nshift 3\n${functions}\neval "$script"\n`, { mode: 0o755 });
  return new HostDevice({ programs: { sh: path } });
}

test("a folder is claimed once", async () => {
  expect(await files.claimFolder(`${folder}/vm1`, "a1")).toBe(true);
  expect(await files.claimFolder(`${folder}/vm1`, "a1")).toBe(false);
});

test("a folder that cannot be made is no taken name, whatever it is called", async () => {
  const full = `mkdir() { [ "$1" = -p ] || { echo "mkdir: '$1': No space left on device" >&2; return 1; }; }`;
  const failing = shellWith(full);
  await expect(remoteFiles(failing).claimFolder(`${folder}/File exists`, "a1")).rejects.toMatchObject({
    code: "DEVICE_FILE",
  });
});

test("of many that claim at once, one succeeds", async () => {
  const claims = await Promise.all(Array.from({ length: 8 }, () => files.claimFolder(`${folder}/vm1`, "a1")));
  expect(claims.filter(Boolean)).toHaveLength(1);
});

test("a file blocks a claim, too", async () => {
  writeFileSync(`${folder}/vm1`, "");
  expect(await files.claimFolder(`${folder}/vm1`, "a1")).toBe(false);
});

test("a claim makes the folders above; where a file is one of them, that is an error and no taken name", async () => {
  expect(await files.claimFolder(`${folder}/none/yet/vm1`, "a1")).toBe(true);
  expect(existsSync(`${folder}/none/yet/vm1`)).toBe(true);
  writeFileSync(`${folder}/file`, "");
  for (const path of [`${folder}/file/vm1`, `${folder}/file/vm/vm1`]) {
    await expect(files.claimFolder(path, "a1")).rejects.toMatchObject({
      code: "DEVICE_FILE",
      message: expect.stringMatching(/File exists|Not a directory/) as unknown,
    });
  }
});

test("a claim that is kept leaves the folder without a mark, and cannot be undone any more", async () => {
  await files.claimFolder(`${folder}/vm1`, "a1");
  await files.write(`${folder}/vm1/config.xml`, "<bundle>");
  expect(await files.keepClaim(`${folder}/vm1`, "a1")).toBe(true);
  await files.undoClaim(`${folder}/vm1`, "a1");
  expect(readdirSync(`${folder}/vm1`)).toEqual(["config.xml"]);
});

test("undoing a claim removes the folder that was claimed, not a later one of its name", async () => {
  await files.claimFolder(`${folder}/vm1`, "a1");
  await files.undoClaim(`${folder}/vm1`, "a1");
  expect(existsSync(`${folder}/vm1`)).toBe(false);
  await files.claimFolder(`${folder}/vm1`, "b2");
  await files.undoClaim(`${folder}/vm1`, "a1");
  expect(await files.keepClaim(`${folder}/vm1`, "a1")).toBe(false);
  expect(await files.keepClaim(`${folder}/vm1`, "b2")).toBe(true);
});

test("a file is removed from the folder that was claimed, not from a later one of its name", async () => {
  await files.claimFolder(`${folder}/vm1`, "a1");
  await files.write(`${folder}/vm1/instance.img`, "x");
  expect(await files.removeClaimed(`${folder}/vm1`, "b2", "instance.img")).toBe(false);
  expect(await files.removeClaimed(`${folder}/vm1`, "a1", "storage.img")).toBe(false);
  expect(existsSync(`${folder}/vm1/instance.img`)).toBe(true);
  expect(await files.removeClaimed(`${folder}/vm1`, "a1", "instance.img")).toBe(true);
  expect(existsSync(`${folder}/vm1/instance.img`)).toBe(false);
  expect(await files.keepClaim(`${folder}/vm1`, "a1")).toBe(true);
});

test("a write below nothing is an error, and makes no folder", async () => {
  await expect(files.write(`${folder}/none/config.xml`, "<bundle>")).rejects.toMatchObject({ code: "DEVICE_FILE" });
  expect(existsSync(`${folder}/none`)).toBe(false);
});

test("any bytes are written as they are", async () => {
  const bytes = Buffer.from(Array.from({ length: 512 }, (_, i) => i % 256));
  await files.write(`${folder}/bytes`, bytes);
  expect(readFileSync(`${folder}/bytes`)).toEqual(bytes);
  await files.write(`${folder}/bytes`, "");
  expect(readFileSync(`${folder}/bytes`, "utf8")).toBe("");
  expect(readdirSync(folder)).toEqual(["bytes"]);
});

test("content is written, read and copied", async () => {
  await files.write(`${folder}/it's a file`, "<bundle>");
  await files.copy(`${folder}/it's a file`, `${folder}/copy`);
  expect(String(await files.read(`${folder}/copy`))).toBe("<bundle>");
  expect(await files.read(`${folder}/none`)).toBeUndefined();
  expect([...(await files.list(folder))]).toEqual(["copy", "it's a file"]);
});

test("a copy that fails leaves nothing", async () => {
  await expect(files.copy(`${folder}/none`, `${folder}/copy`)).rejects.toThrow(/copy/);
  expect(await files.list(folder)).toEqual([]);
});

test("names with line breaks are listed whole", async () => {
  writeFileSync(`${folder}/two\nlines`, "");
  expect(await files.list(folder)).toEqual(["two\nlines"]);
});

describe("exists", () => {
  test("distinguishes files, folders and dangling links from what does not exist", async () => {
    symlinkSync("/nowhere/at/all", `${folder}/link`);
    expect(await files.exists(folder)).toBe(true);
    expect(await files.exists(`${folder}/link`)).toBe(true);
    expect(await files.exists(`${folder}/none`)).toBe(false);
  });
});

describe("remove", () => {
  test("removes a folder with all in it, and nothing is fine", async () => {
    mkdirSync(`${folder}/vm1/sub`, { recursive: true });
    writeFileSync(`${folder}/vm1/sub/file`, "");
    await files.remove(`${folder}/vm1`);
    await files.remove(`${folder}/vm1`);
    expect(existsSync(`${folder}/vm1`)).toBe(false);
  });

  test.each(["", "/"])("removes a link%s, not what it leads to", async (end) => {
    mkdirSync(`${folder}/kept`);
    writeFileSync(`${folder}/kept/file`, "content");
    symlinkSync(`${folder}/kept`, `${folder}/link`);
    await files.remove(`${folder}/link${end}`);
    expect(existsSync(`${folder}/link`)).toBe(false);
    expect(readFileSync(`${folder}/kept/file`, "utf8")).toBe("content");
  });

  test.each(["not found", "a: No such file or directory"])(
    "of what is called %j fails as of all else",
    async (name) => {
      mkdirSync(`${folder}/${name}`);
      // Nobody may move it, root neither.
      const failing = shellWith(`mv() { echo "mv: '$1': Permission denied" >&2; return 1; }`);
      await expect(remoteFiles(failing).remove(`${folder}/${name}`)).rejects.toMatchObject({ code: "DEVICE_FILE" });
      expect(existsSync(`${folder}/${name}`)).toBe(true);
    },
  );

  test.each(["/", "/data", "/data/local/tmp", "/data/local/tmp/"])("refuses %s", async (path) => {
    await expect(files.remove(path)).rejects.toThrow(/too near the root/);
  });
});

test.each(["relative", "", "/a/../b", "/a/./b", "/a\0b", `/${"x".repeat(1001)}`])(
  "path %j is refused everywhere",
  async (path) => {
    const refused = { kind: "usage", code: "DEVICE_PATH" };
    await expect(files.claimFolder(path, "a1")).rejects.toMatchObject(refused);
    await expect(files.ensureFolder(path)).rejects.toMatchObject(refused);
    await expect(files.exists(path)).rejects.toMatchObject(refused);
    await expect(files.read(path)).rejects.toMatchObject(refused);
    await expect(files.write(path, "")).rejects.toMatchObject(refused);
    await expect(files.copy("/a", path)).rejects.toMatchObject(refused);
    await expect(files.remove(path)).rejects.toMatchObject(refused);
    await expect(files.list(path)).rejects.toMatchObject(refused);
  },
);

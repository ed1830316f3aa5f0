import fs from "node:fs/promises";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { FakeAdbServer } from "../device/testing/fake-adb-server.js";
import { adbServerFinding, spaceFinding, temporaryFinding } from "./doctor.js";
import { describeSet, DEVICE_PACKAGES } from "./packages/sets.js";
import { locate } from "./setup.js";
import { debianSource } from "./source/source.js";

// The names of snapshots are made of what was built.
jest.mock("./snapshot/key.js", () => ({ snapshotKey: (accelerator: string) => `${accelerator}-1` }));

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "avf-doctor-"));
  process.env["AVF_ACCEL"] = "tcg";
});
afterEach(() => {
  jest.restoreAllMocks();
  for (const name of ["AVF_ACCEL", "ADB_SERVER_SOCKET"]) delete process.env[name];
  rmSync(cache, { recursive: true });
});

async function haveFree(bytes: number): Promise<void> {
  const real = await fs.statfs(cache);
  jest.spyOn(fs, "statfs").mockResolvedValue({ ...real, bavail: bytes, bsize: 1 });
}

test("disk space is wanted for what is left to be made", async () => {
  await haveFree(2 * 2 ** 30);
  const packages = [{ file: "qemu-system-x86_1%3a10.0_amd64.deb", sha256: "" }];
  mkdirSync(join(cache, DEVICE_PACKAGES.folder));
  writeFileSync(
    join(cache, DEVICE_PACKAGES.folder, "packages.json"),
    JSON.stringify({ wanted: describeSet(DEVICE_PACKAGES), packages }),
  );
  const source = await debianSource(cache, undefined);
  const device = locate(cache, "tcg", source);
  if (device === undefined) throw new Error("it has no name");
  const look = async (): Promise<unknown> => spaceFinding(cache, source);
  const refused = { detail: expect.stringMatching(/^The device image needs 3\.0 GiB; .* has 2\.0 GiB free/) };
  expect(await look()).toMatchObject({ state: "failed", ...refused });
  mkdirSync(join(device.imageFolder, "emulator"), { recursive: true });
  expect(await look()).toMatchObject({ state: "ok", detail: `2.0 GiB free for ${cache}` });
  mkdirSync(device.snapshotFolder, { recursive: true });
  expect(await look()).toMatchObject({ state: "note", ...refused });
});

test("temporary files need room where an image is still to be made", async () => {
  await haveFree(64 * 2 ** 20);
  const source = await debianSource(cache, undefined);
  expect(await temporaryFinding(cache, source)).toMatchObject({
    ...{ state: "failed", fix: expect.stringContaining("TMPDIR=") },
    detail: expect.stringMatching(/ 100 MiB of temporary files while it is made; .* has 64 MiB free/),
  });
  // A package is unpacked without any.
  expect(await temporaryFinding(cache, undefined)).toMatchObject({ state: "ok" });
});

test("an adb server of another host serves named devices only", async () => {
  const server = await FakeAdbServer.start(41);
  try {
    // A name that is none of this host's, and leads to it.
    process.env["ADB_SERVER_SOCKET"] = `tcp:0.0.0.0:${server.address.port}`;
    expect(await adbServerFinding(false)).toMatchObject({ state: "ok" });
    expect(await adbServerFinding(true)).toMatchObject({
      state: "note",
      detail: expect.stringMatching(
        /version 41; without a named device a run fails: The emulated device listens on 127/,
      ),
    });
  } finally {
    await server.stop();
  }
});

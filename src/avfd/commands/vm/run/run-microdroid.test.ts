import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { copyFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deviceInFolder, type DeviceInFolder } from "../../../testing/device-in-folder.js";

const FIXTURE = join(__dirname, "../../../../../fixtures/EmptyPayloadApp.apk");

let host: DeviceInFolder;
beforeAll(async () => {
  host = await deviceInFolder();
  await mkdir(join(host.folder, "work"));
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

test("without the APEX's APK, and with two of them, the tool says so and makes nothing", async () => {
  const pattern = "/apex/com.android.virt/app/**/EmptyPayloadApp*.apk";
  expect((await host.run("vm", "run-microdroid")).stderr).toBe(`Error: No apks match ${pattern}\n`);
  const app = host.device.paths.resolve("/apex/com.android.virt/app/EmptyPayloadApp@1");
  await mkdir(app, { recursive: true });
  for (const name of ["EmptyPayloadApp.apk", "EmptyPayloadAppGoogle.apk"]) await copyFile(FIXTURE, join(app, name));
  const { stderr, exitCode } = await host.run("vm", "run-microdroid");
  expect({ stderr, exitCode }).toEqual({ stderr: `Error: Found more than one apk matching ${pattern}\n`, exitCode: 1 });
  expect(await readdir(host.folder)).toEqual(["work"]);
});

test("a work folder that cannot be made", async () => {
  const app = host.device.paths.resolve("/apex/com.android.virt/app/EmptyPayloadApp");
  await mkdir(app, { recursive: true });
  await rm(join(app, "../EmptyPayloadApp@1"), { recursive: true, force: true });
  await copyFile(FIXTURE, join(app, "EmptyPayloadApp.apk"));
  const parent = host.device.paths.resolve("/data/local/tmp/microdroid");
  await writeFile(parent, "in the way");
  const { stderr } = await host.run("vm", "run-microdroid");
  await rm(parent);
  expect(stderr).toMatch(/^Error: failed to mkdir\n\nCaused by:\n/);
});

test.each([14, 15] as const)("release %d runs the empty payload with files in a work folder", async (release) => {
  host.device.identity.setRelease(release);
  const folder = host.device.paths.resolve("/apex/com.android.virt/app");

  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, "EmptyPayloadApp"), { recursive: true });
  await copyFile(FIXTURE, join(folder, "EmptyPayloadApp/EmptyPayloadApp.apk"));
  const tool = host.start("vm", "run-microdroid", "--work-dir", join(host.folder, "work"), "--mem", "200");
  await tool.printed(/with CID/);
  const vm = host.vmm.started.at(-1);
  expect(vm?.config).toMatchObject({ memoryMib: 200 });
  vm?.end({ kind: "shutdown" });
  const { stdout } = await tool.ended;
  const work = join(host.folder, "work");
  const id = release === 14 ? "" : `instance_id file path: ${work}/instance_id\n`;
  expect(stdout).toContain(`apk.idsig path: ${work}/apk.idsig\ninstance.img path: ${work}/instance.img\n${id}Created `);
  expect(stdout).toMatch(
    /^found path \/apex\/com\.android\.virt\/app\/EmptyPayloadApp\/EmptyPayloadApp\.apk\ncreating work dir \/data\/local\/tmp\/microdroid\/[A-Za-z0-9]{17}\n/,
  );
  expect(stdout).toContain('payloadBinaryName: "MicrodroidEmptyPayloadJniLib.so"');
  expect(await readdir(work)).toEqual(["apk.idsig", "instance.img", ...(release === 14 ? [] : ["instance_id"])]);
  await rm(work, { recursive: true });
  await mkdir(work);
});

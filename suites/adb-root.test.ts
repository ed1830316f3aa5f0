/**
 * @jest-environment-options {"androidTest": "suites/support/rooted/AndroidTest.xml"}
 */
import { expect, test, type Device } from "jest-avf";
import { spawnSync } from "node:child_process";

const userOf = async (device: Device): Promise<string> => (await device.exec(["id", "-un"])).stdout.trim();

const adb = (device: Device, ...argv: readonly string[]): string =>
  spawnSync("adb", ["-s", device.serial, ...argv], { encoding: "utf8" }).stdout;

test("RootTargetPreparer roots the device, and VMs belong to root", async ({ device, readyVm }) => {
  expect(await userOf(device)).toBe("root");
  const { stdout } = await device.exec(["/apex/com.android.virt/bin/vm", "list"]);
  expect(stdout).toContain(`cid: ${(await readyVm.getCid()) ?? ""},`);
  expect(stdout).toMatch(/requesterUid: 0,/);
});

test("adb root and adb unroot print and do the same as on a phone", async ({ device }) => {
  expect(adb(device, "root")).toBe("adbd is already running as root\n");
  await device.setRoot(false);
  expect(await userOf(device)).toBe("shell");
  expect((await device.exec(["getprop", "service.adb.root"])).stdout).toBe("0\n");
  expect(adb(device, "unroot")).toBe("adbd not running as root\n");
  await device.setRoot(true);
  await device.setRoot(true);
  expect(await userOf(device)).toBe("root");
});

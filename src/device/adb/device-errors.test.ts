import { expect, test } from "@jest/globals";
import { stateError, stateFromAdbOutput } from "./device-errors.js";

/** What adb 29 and 34 print. */
test.each([
  ["error: device '127.0.0.1:5555' not found\n", "absent"],
  ["adb: device 'x' not found\n", undefined],
  ["error: no devices/emulators found\n", "absent"],
  ["error: device offline\n", "offline"],
  ["error: closed\n", "broken"],
  ["error: device unauthorized.\nThis adb server's $ADB_VENDOR_KEYS is not set\n", "unauthorized"],
  ["error: device still authorizing\n", "authorizing"],
  ["* daemon not running; starting now at tcp:5037\n* daemon started successfully\nerror: device offline\n", "offline"],
  ["ls: /x: No such file or directory\n", undefined],
  ["cat: error: device offline is my file's name\n", undefined],
])("%j means %s", (stderr, state) => {
  expect(stateFromAdbOutput(stderr)).toBe(state);
});

test.each([
  ["absent", "DEVICE_NOT_FOUND", /adb devices/],
  ["offline", "DEVICE_OFFLINE", /adb disconnect 10\.0\.0\.1:5555/],
  ["unauthorized", "DEVICE_UNAUTHORIZED", /accept the dialog/],
  ["no permissions (user in plugdev group; are your udev rules wrong?)", "DEVICE_NO_PERMISSION", /udev/],
  ["recovery", "DEVICE_STATE", /reboot/],
])("state %s is told with what to do about it", (state, code, hint) => {
  const error = stateError("10.0.0.1:5555", state);
  expect(error.code).toBe(code);
  expect(error.kind).toBe("infrastructure");
  expect(error.hint).toMatch(hint);
});

test("an absent device is told together with those that are there", () => {
  expect(stateError("a", "absent", ["b (device)", "c (offline)"]).message).toContain("b (device), c (offline)");
});

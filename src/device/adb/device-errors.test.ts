import { expect, test } from "@jest/globals";
import { goneError, stateError, stateFromRefusal } from "./device-errors.js";

/** What adb 29 and 34 answer. */
test.each([
  ["device '127.0.0.1:5555' not found", "absent"],
  ["no devices/emulators found", "absent"],
  ["device offline", "offline"],
  ["closed", "broken"],
  ["device unauthorized.\nThis adb server's $ADB_VENDOR_KEYS is not set", "unauthorized"],
  ["device still authorizing", "authorizing"],
  ["device still connecting", "connecting"],
  ["insufficient permissions for device: user in plugdev group", "no permissions"],
  ["cannot bind listener: Address already in use", undefined],
])("%j means %s", (reason, state) => {
  expect(stateFromRefusal(reason)).toBe(state);
});

test.each([
  ["absent", "DEVICE_NOT_FOUND", /adb devices/],
  ["offline", "DEVICE_OFFLINE", /adb disconnect 10\.0\.0\.1:5555/],
  ["unauthorized", "DEVICE_UNAUTHORIZED", /accept the dialog/],
  ["connecting", "DEVICE_OFFLINE", /wait-for-device/],
  ["no permissions (user in plugdev group; are your udev rules wrong?)", "DEVICE_NO_PERMISSION", /udev/],
  ["recovery", "DEVICE_STATE", /reboot/],
])("state %s is reported with what to do about it", (state, code, hint) => {
  const error = stateError("10.0.0.1:5555", state);
  expect(error.code).toBe(code);
  expect(error.kind).toBe("infrastructure");
  expect(error.hint).toMatch(hint);
});

/** adb 29 lists what `adb connect [::1]:PORT` reached with its brackets. */
test.each(["10.0.0.1:5555", "my_phone:5555", "[::1]:5555", "[fe80::1%eth0]:5555"])("%s is on the network", (serial) => {
  expect(stateError(serial, "absent").hint).toContain(`adb connect ${serial}`);
  expect(stateError(serial, "offline").hint).toBe(`adb disconnect ${serial}; adb connect ${serial}`);
  expect(goneError(serial, "reboot").hint).toContain(`adb connect ${serial}`);
});

test.each(["emulator-5554", "::1:5555", "adb-1._adb-tls-connect._tcp"])("%s is not for adb connect", (serial) => {
  expect(stateError(serial, "absent").hint).not.toContain("adb connect");
});

test("an absent device is reported together with those that adb lists", () => {
  expect(stateError("a", "absent", ["b (device)", "c (offline)"]).message).toContain("b (device), c (offline)");
});

import { expect, test } from "@jest/globals";
import { adbServerAddress } from "./server.js";

test.each([
  [{}, { host: "127.0.0.1", port: 5037 }],
  [{ ANDROID_ADB_SERVER_PORT: "5038" }, { host: "127.0.0.1", port: 5038 }],
  [
    { ANDROID_ADB_SERVER_ADDRESS: "10.0.0.1", ANDROID_ADB_SERVER_PORT: "1" },
    { host: "10.0.0.1", port: 1 },
  ],
  [{ ADB_SERVER_SOCKET: "tcp:5039" }, { host: "127.0.0.1", port: 5039 }],
  [
    { ADB_SERVER_SOCKET: "tcp:lab:5039", ANDROID_ADB_SERVER_PORT: "5038" },
    { host: "lab", port: 5039 },
  ],
])("%j leads to %j", (environment, address) => {
  expect(adbServerAddress(environment)).toEqual(address);
});

test.each([
  [{ ANDROID_ADB_SERVER_PORT: "adb" }, /ANDROID_ADB_SERVER_PORT/],
  [{ ANDROID_ADB_SERVER_PORT: "70000" }, /no port/],
  [{ ADB_SERVER_SOCKET: "localfilesystem:/tmp/adb" }, /only tcp/],
  [{ ADB_SERVER_SOCKET: "tcp:0" }, /no port/],
])("%j is refused", (environment, message) => {
  expect(() => adbServerAddress(environment)).toThrow(message);
});

import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "@jest/globals";
import { FakeAdbServer } from "../testing/fake-adb-server.js";
import { adbServerAddress, openAdbServer } from "./server.js";

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

test("a server of another version is refused, and left alone", async () => {
  const fake = await FakeAdbServer.start(99);
  await expect(openAdbServer(fake.address)).rejects.toMatchObject({
    code: "ADB_VERSION",
    message: expect.stringContaining(`127.0.0.1:${fake.address.port} speaks version 99`),
  });
  expect(fake.requests).toEqual(["host:version"]);
  await fake.stop();
});

test("something else on the server's port is told as that, with another port to try", async () => {
  const other = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  await expect(openAdbServer({ host: "127.0.0.1", port })).rejects.toMatchObject({
    code: "ADB_SERVER",
    message: expect.stringContaining("HTTP/1.1"),
    hint: expect.stringContaining("ANDROID_ADB_SERVER_PORT"),
  });
  other.close();
});

import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, jest, test } from "@jest/globals";
import { FakeAdbServer } from "../../testing/fake-adb-server.js";
import { stateError } from "../device-errors.js";
import type { AdbServerAddress } from "./server-address.js";
import { describeForeignServer } from "./server-user.js";

const onLinux = process.platform === "linux" ? test : test.skip;
const ANOTHER = 4_242;

afterEach(() => void jest.restoreAllMocks());

function asAnotherUser(): void {
  jest.spyOn(process as { geteuid: () => number }, "geteuid").mockReturnValue(ANOTHER);
}

function expectForeign(address: AdbServerAddress, where: string): void {
  expect(describeForeignServer(address)).toBeUndefined();
  const own = process.geteuid?.();
  asAnotherUser();
  const words = describeForeignServer(address);
  expect(words).toContain(`${where} is that of another user (uid ${own})`);
  expect(words).toContain("ANDROID_ADB_SERVER_PORT=5038");
}

onLinux("a server of another user is seen by who listens there", async () => {
  const server = await FakeAdbServer.start(41);
  try {
    const { port } = server.address;
    expectForeign({ host: "127.0.0.1", port }, `127.0.0.1:${port}`);
    // Elsewhere nobody knows.
    expect(describeForeignServer({ host: "192.0.2.1", port })).toBeUndefined();
  } finally {
    await server.stop();
  }
});

onLinux("and by the owner of its socket", async () => {
  const folder = mkdtempSync(join(tmpdir(), "avf-adb-user-"));
  const path = join(folder, "adb");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    expectForeign({ spec: `localfilesystem:${path}`, path }, path);
  } finally {
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  }
});

onLinux("a device of this host that refuses it is explained by that; others show a dialog", async () => {
  const server = await FakeAdbServer.start(41);
  const { ANDROID_ADB_SERVER_PORT, ADB_SERVER_SOCKET } = process.env;
  try {
    delete process.env["ADB_SERVER_SOCKET"];
    process.env["ANDROID_ADB_SERVER_PORT"] = String(server.address.port);
    asAnotherUser();
    expect(stateError("127.0.0.1:5555", "unauthorized").hint).toMatch(/another user .*ANDROID_ADB_SERVER_PORT=5038/);
    expect(stateError("10.0.0.1:5555", "unauthorized").hint).toMatch(/accept the dialog/);
  } finally {
    for (const [name, value] of Object.entries({ ANDROID_ADB_SERVER_PORT, ADB_SERVER_SOCKET })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await server.stop();
  }
});

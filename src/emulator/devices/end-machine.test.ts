import { createServer, type Server } from "node:net";
import { afterEach, expect, jest, test } from "@jest/globals";
import { pickPort } from "../../process/pick-port.js";

const disconnected: string[] = [];
jest.mock("../../device/adb/connect.js", () => ({
  disconnectTcpDevice: async (serial: string) => void disconnected.push(serial),
}));
// After the mock.
import { forgetAdbOfEnded } from "./end-machine.js";

let other: Server | undefined;
afterEach(() => void other?.close());

test("adb forgets a device that has ended, and keeps one that has taken its port since", async () => {
  const port = await pickPort();
  await forgetAdbOfEnded(`127.0.0.1:${port}`);
  expect(disconnected).toEqual([`127.0.0.1:${port}`]);
  other = createServer();
  await new Promise<void>((resolve) => other?.listen(port, "127.0.0.1", resolve));
  await forgetAdbOfEnded(`127.0.0.1:${port}`);
  expect(disconnected).toHaveLength(1);
});

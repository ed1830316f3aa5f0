import { DEBUG_LEVEL_NONE, expect } from "jest-avf";
import { ask, echoApk, echoConfig, received } from "./support/echo-vm";
import { test } from "./support/guest-test";

const ADB_PORT = 5555;
/** A message of adb without data: CNXN, version, most data, 0 bytes, their sum, CNXN inverted. */
const ADB_GREETING = Buffer.from("434e584e 00000001 00100000 00000000 00000000 bcb1a7b1".replaceAll(" ", ""), "hex");

test("with the debug level none, a VM has no console, no log and no adb", async ({ app, vmm, shelf, signal }) => {
  const config = echoConfig(app, await shelf.put("echo", await echoApk()));
  const open = await vmm.create("open", config.build());
  const closed = await vmm.create("closed", config.setDebugLevel(DEBUG_LEVEL_NONE).build());
  await Promise.all([open.run(), closed.run()]);
  for (const vm of [open, closed]) expect(await vm.waitFor("ready")).toEqual({ kind: "ready" });

  const adb = await open.connectVsock(ADB_PORT, { retryUntilMs: 60_000, signal });
  adb.write(ADB_GREETING);
  expect(await received(adb, (text) => text.length >= 4)).toMatch(/^CNXN/);
  adb.destroy();
  // This one had as much time as the other one took.
  await expect(closed.connectVsock(ADB_PORT)).toRejectWithCode("VSOCK_REFUSED");
  expect(await ask(closed, "works")).toBe("skrow");
  expect(closed.output.lines()).toEqual([]);
  expect(open.output.lines().map(({ stream }) => stream)).toEqual(expect.arrayContaining(["console", "log"]));
});

import { DEBUG_LEVEL_NONE, expect, type VirtualMachine } from "jest-avf";
import { ask, echoApk, echoConfig, received } from "./support/echo-vm";
import { test } from "./support/guest-test";

const ADB_PORT = 5555;
/** An adbd that is up answers at once; one that is not yet is asked again. */
const ANSWER_TIMEOUT_MS = 1_000;
/** So long without an answer is none. */
const SILENCE_MS = 3_000;
/** A message of adb without data: CNXN, version, most data, 0 bytes, their sum, CNXN inverted. */
const ADB_GREETING = Buffer.from("434e584e 00000001 00100000 00000000 00000000 bcb1a7b1".replaceAll(" ", ""), "hex");

test("with the debug level none, a VM has no console, no log and no adb", async ({ app, vmm, shelf }) => {
  const config = echoConfig(app, await shelf.put("echo", await echoApk()));
  const open = await vmm.create("open", config.build());
  const closed = await vmm.create("closed", config.setDebugLevel(DEBUG_LEVEL_NONE).build());
  await Promise.all([open.run(), closed.run()]);
  for (const vm of [open, closed]) expect(await vm.waitFor("ready")).toEqual({ kind: "ready" });

  while (!(await answersAdb(open))) expect(open).toHaveCid();
  // As long as the other one took, this one had.
  expect(await answersAdb(closed, SILENCE_MS)).toBe(false);
  expect(await ask(closed, "works")).toBe("skrow");
  expect(closed.output.lines()).toEqual([]);
  expect(open.output.lines().map(({ stream }) => stream)).toEqual(expect.arrayContaining(["console", "log"]));
});

async function answersAdb(vm: VirtualMachine, timeoutMs = ANSWER_TIMEOUT_MS): Promise<boolean> {
  const socket = await vm.connectVsock(ADB_PORT);
  socket.write(ADB_GREETING);
  const answer = await received(socket, (text) => text.length >= 4, timeoutMs);
  socket.destroy();
  return answer?.startsWith("CNXN") ?? false;
}

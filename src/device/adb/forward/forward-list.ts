/** Forwards of a device as the adb server has them, whoever made them. */
import { runUnchecked } from "../../../process/run.js";
import { openAdbServer } from "../server/server.js";

export interface ListedForward {
  /** As adb names it: `tcp:40123`. */
  readonly local: string;
  readonly remote: string;
}

/** One question to the adb server; nothing is started on the device. */
export async function listForwards(serial: string): Promise<readonly ListedForward[]> {
  const server = await openAdbServer();
  const forwards = await Promise.resolve(server.client.getDevice(serial).listForwards());
  // The server lists those of all devices.
  return forwards.filter((each) => each.serial === serial).map(({ local, remote }) => ({ local, remote }));
}

/** One that is gone already is fine. */
export async function removeForward(serial: string, local: string): Promise<void> {
  const server = await openAdbServer();
  await runUnchecked([...server.command, "-s", serial, "forward", "--remove", local], { timeoutMs: 10_000 });
}

/** Forwards of a device as the adb server has them, from any client. */
import { withDeadline } from "../../../base/deadline.js";
import { openAdbServer, type AdbServer } from "../server/server.js";
import { ask, tell } from "../server/smart-socket.js";

const CALL_TIMEOUT_MS = 10_000;

export interface ListedForward {
  /** As adb names it: `tcp:40123`. */
  readonly local: string;
  readonly remote: string;
}

export interface AnyForward extends ListedForward {
  readonly serial: string;
}

/** One question to the adb server; nothing is started on the device. */
export async function listForwards(serial: string): Promise<readonly ListedForward[]> {
  const server = await openAdbServer();
  return (await forwardsOf(server)).filter((each) => each.serial === serial);
}

/** Those of all devices. */
export async function forwardsOf({ address }: Pick<AdbServer, "address">): Promise<readonly AnyForward[]> {
  const list = await withDeadline("the adb server's list of forwards", { timeoutMs: CALL_TIMEOUT_MS }, (signal) =>
    ask(address, "host:list-forward", signal),
  );
  return parseForwards(list);
}

/** As the server and `adb forward --list` write it. */
export function parseForwards(list: string): readonly AnyForward[] {
  // A remote end may be a path with blanks.
  return [...list.matchAll(/^(\S+) (\S+) (.*)$/gm)].map(([, serial = "", local = "", remote = ""]) => {
    return { serial, local, remote };
  });
}

/** @throws AdbRefusal when the server does not have it, or the device is gone */
export async function killForward(
  { address }: Pick<AdbServer, "address">,
  serial: string,
  local: string,
): Promise<void> {
  await withDeadline(`the forward of ${local} to be removed`, { timeoutMs: CALL_TIMEOUT_MS }, (signal) =>
    tell(address, `host-serial:${serial}:killforward:${local}`, signal),
  );
}

/** One that is gone already is fine. */
export async function removeForward(serial: string, local: string): Promise<void> {
  const server = await openAdbServer();
  await killForward(server, serial, local).catch(() => undefined);
}

/**
 * adb is let in by the key that we told STF: at the door that STF itself puts before its devices, TcpUsbBridge of adbkit,
 * with adb itself. Behind the door there is no device.
 */
import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import Adb from "@devicefarmer/adbkit";
import { spawnSync } from "node:child_process";
import { connectTcpDevice } from "../../../device/index.js";
import { pickPort } from "../../../process/pick-port.js";
import { parseStfAddress } from "../address.js";
import { leaseStfDevice, type StfLease } from "../device-lease.js";
import { FakeStf } from "./fake-stf.js";

jest.setTimeout(120_000);

type Bridge = ReturnType<ReturnType<typeof Adb.createClient>["createTcpUsbBridge"]>;

interface Key {
  readonly fingerprint: string;
}
/** Its declarations name a promise of a package that has none. */
const parsePublicKey = Adb.util.parsePublicKey as unknown as (text: string) => PromiseLike<Key>;

let stf: FakeStf;
let bridge: Bridge;
let lease: StfLease | undefined;
let serverPort: number;
let knocks: string[];
const saved = process.env["ANDROID_ADB_SERVER_PORT"];

beforeAll(async () => {
  serverPort = await pickPort();
  process.env["ANDROID_ADB_SERVER_PORT"] = String(serverPort);
  const port = await pickPort();
  stf = await FakeStf.start({ A: { address: `127.0.0.1:${port}` } });
  const client = Adb.createClient({ port: serverPort });
  bridge = client.createTcpUsbBridge("no-such-device", {
    auth: async (key: Key) => {
      const known = await Promise.all(stf.keys.map((each) => parsePublicKey(each)));
      const isKnown = known.some(({ fingerprint }) => fingerprint === key.fingerprint);
      knocks.push(isKnown ? "known" : "unknown");
      if (!isKnown) throw new Error("unknown");
    },
  });
  bridge.on("error", () => undefined);
  bridge.listen(port);
});
afterEach(() => lease?.release());
afterAll(async () => {
  bridge.close();
  bridge.end();
  spawnSync("adb", ["-P", String(serverPort), "kill-server"]);
  await stf.stop();
  if (saved === undefined) delete process.env["ANDROID_ADB_SERVER_PORT"];
  else process.env["ANDROID_ADB_SERVER_PORT"] = saved;
});

test.each([
  ["known", undefined],
  ["unknown", async (): Promise<readonly string[]> => []],
])("the key of this host's adb server is %s to it", async (expected, adbKeys) => {
  knocks = [];
  stf.keys.length = 0;
  lease = await leaseStfDevice(parseStfAddress(stf.address()), {
    ...{ token: "secret", timeoutMs: 60_000, signal: new AbortController().signal, onWait: () => undefined },
    ...(adbKeys === undefined ? {} : { adbKeys }),
  });
  await expect(connectTcpDevice(lease.address, { timeoutMs: 20_000 })).rejects.toMatchObject({
    kind: "infrastructure",
  });
  expect(new Set(knocks)).toEqual(new Set([expected]));
});

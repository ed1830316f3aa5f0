import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { parseCuttlefishAddress } from "./address.js";
import { Orchestrator } from "./api/orchestrator.js";
import { readCredentials } from "./api/credentials.js";
import { bugReports } from "./bug-report.js";
import { fakeOrchestrator, type Answer, type FakeOrchestrator } from "./testing/fake-orchestrator.js";
import { GROUP } from "./testing/recording.js";

const REPORT = "GET cvdbugreports/REPORT";
let fake: FakeOrchestrator | undefined;
let ours = new AbortController();
beforeEach(() => void (ours = new AbortController()));
afterEach(() => fake?.close());

async function reports(
  instead: Readonly<Record<string, readonly Answer[]>> = {},
): Promise<() => Promise<ReadonlyMap<string, string | Buffer>>> {
  fake = await fakeOrchestrator(instead);
  const address = parseCuttlefishAddress(fake.address());
  const orchestrator = new Orchestrator({ ...address, credentials: readCredentials(address, {}) });
  return bugReports(orchestrator, GROUP, ours.signal);
}

const operation = { [`POST cvds/${GROUP}/:bugreport`]: [{ status: 200, text: '{"name":"OPERATION"}' }] };
const done = { "POST operations/OPERATION/:wait": [{ status: 200, text: '"REPORT"' }] };

test("a report is fetched as the real one gave it, and removed there", async () => {
  const report = (await (await reports(done))()).get("cuttlefish-bugreport.zip");
  expect(report?.toString("latin1")).toMatch(new RegExp(`^PK\\x05\\x06.*bug report of ${GROUP}$`, "s"));
  expect(fake?.asked.slice(-2)).toEqual([REPORT, "DELETE cvdbugreports/REPORT"]);
});

test.each<[string, Readonly<Record<string, readonly Answer[]>>, RegExp]>([
  [
    "that cvd does not make",
    { [`POST cvds/${GROUP}/:bugreport`]: [{ status: 500, text: '{"error":"no" }' }] },
    /no \(HTTP 500\)/,
  ],
  ["that is no zip", { ...done, [REPORT]: [{ status: 200, text: "<html>" }] }, /answered HTTP 200 with no zip/],
  [
    "whose id is a path",
    { ...operation, "POST operations/OPERATION/:wait": [{ status: 200, text: '"../x"' }] },
    /the id of a bug report/,
  ],
])("one %s leaves a text that says so", async (_what, instead, reason) => {
  const files = await (await reports(instead))();
  expect([...files]).toEqual([["cuttlefish-bugreport.txt", expect.stringMatching(reason)]]);
});

test("a device has three at most, because each takes long", async () => {
  const next = await reports({ ...operation, ...done, [REPORT]: [{ status: 200, text: "PK" }] });
  const files = [await next(), await next(), await next(), await next()];
  expect(files.map(({ size }) => size)).toEqual([1, 1, 1, 0]);
});

test("the wait for one ends when the device is given back", async () => {
  const next = await reports({ ...operation, "POST operations/OPERATION/:wait": ["silence"] });
  const made = next();
  ours.abort(new Error("the device was given back"));
  expect([...(await made).values()]).toEqual([expect.stringContaining("the device was given back")]);
});

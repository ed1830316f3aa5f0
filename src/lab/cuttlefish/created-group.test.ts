import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCuttlefishAddress } from "./address.js";
import { readCredentials } from "./api/credentials.js";
import { Orchestrator } from "./api/orchestrator.js";
import { createGroup } from "./created-group.js";
import { removeGroup } from "./remove-group.js";
import { fakeOrchestrator, type Answer, type FakeOrchestrator } from "./testing/fake-orchestrator.js";
import { GROUP } from "./testing/recording.js";

const LOOK = `GET cvds/${GROUP}`;
const REMOVE = `DELETE cvds/${GROUP}`;
const patience = { answerMs: 10_000, waitAnswerMs: 10_000, outageMs: 10_000, pauseMs: 1, pollMs: 1 };
const begun = { status: 200, text: '{"name":"OPERATION"}' };
const absent = { status: 404, text: '{"error":"no such group"}' };
const there = {
  status: 200,
  text: JSON.stringify({ cvds: [{ group: GROUP, name: "phone", status: "Preparing", adb_port: 0 }] }),
};

let fake: FakeOrchestrator;
let cache: string;
const before = process.env["AVF_CACHE_DIR"];
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "avf-cache-"));
  process.env["AVF_CACHE_DIR"] = cache;
});
afterEach(async () => {
  if (before === undefined) delete process.env["AVF_CACHE_DIR"];
  else process.env["AVF_CACHE_DIR"] = before;
  await fake.close();
  rmSync(cache, { recursive: true, force: true });
});

async function client(instead: Readonly<Record<string, readonly Answer[]>>): Promise<Orchestrator> {
  fake = await fakeOrchestrator({ [REMOVE]: [begun], ...instead });
  const address = parseCuttlefishAddress(fake.address());
  return new Orchestrator({ ...address, credentials: readCredentials(address, {}) }, patience);
}

const notes = (): readonly string[] => readdirSync(join(cache, "cuttlefish"));

test.each<[string, Readonly<Record<string, readonly Answer[]>>, string]>([
  ["whose POST was refused", { "POST cvds": [{ status: 500, text: "{}" }] }, "LAB_REFUSED"],
  [
    "that an orchestrator which was started again has forgotten",
    { "POST cvds": [begun], "POST operations/OPERATION/:wait": [absent, { status: 200, text: "{}" }] },
    "LAB_NO_DEVICE",
  ],
])("a device %s and that comes up later is still removed", async (_what, instead, code) => {
  // After LAB_FORGOTTEN the first two looks are for the device, those after them for its removal.
  const orchestrator = await client({
    "POST operations/OPERATION/:wait": [{ status: 200, text: "{}" }],
    [LOOK]: [absent, absent, absent, there, absent],
    ...instead,
  });
  const options = { address: fake.address().href, timeoutMs: 10_000, onWait: () => undefined };
  await expect(createGroup(orchestrator, { group: GROUP, body: {} }, options)).rejects.toMatchObject({ code });
  expect(fake.asked).toContain(REMOVE);
  expect(notes()).toEqual([]);
});

test("a group that stays after it was removed is given up at the deadline", async () => {
  const orchestrator = await client({
    "POST operations/OPERATION/:wait": [{ status: 200, text: "{}" }],
    [LOOK]: [there],
  });
  await expect(removeGroup(orchestrator, GROUP, { timeoutMs: 300 })).rejects.toMatchObject({
    code: "TIMEOUT",
    message: expect.stringContaining(`${GROUP} to be gone from the Cuttlefish orchestrator at 127.0.0.1:`) as unknown,
  });
  expect(fake.asked.filter((asked) => asked === REMOVE).length).toBeGreaterThan(1);
});

test("one that is removed is not polled repeatedly", async () => {
  const orchestrator = await client({
    "POST operations/OPERATION/:wait": [{ status: 200, text: "{}" }],
    [LOOK]: [there, absent],
  });
  await removeGroup(orchestrator, GROUP, { timeoutMs: 10_000 });
  expect(fake.asked).toEqual([LOOK, REMOVE, "POST operations/OPERATION/:wait", LOOK]);
});

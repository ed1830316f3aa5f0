import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { self } from "../../process/life.js";
import { parseCuttlefishAddress } from "./address.js";
import { readCredentials } from "./api/credentials.js";
import { Orchestrator } from "./api/orchestrator.js";
import { bugReports } from "./bug-report.js";
import { cuttlefishRewinding } from "./checkpoints/rewinding.js";
import { createGroup, type CreatedGroup } from "./created-group.js";
import { removeLeftovers, type Leftovers } from "./leftovers.js";
import { noteOperations, sweepNotes } from "./notes.js";
import { fakeOrchestrator, type Answer, type FakeOrchestrator } from "./testing/fake-orchestrator.js";
import { GROUP } from "./testing/recording.js";

const LOOK = `GET cvds/${GROUP}`;
const REMOVE = `DELETE cvds/${GROUP}`;
const PHONE = `cvds/${GROUP}/phone`;
const SNAPSHOT = "avf_0123456789abcdef";
const patience = { answerMs: 10_000, waitAnswerMs: 10_000, outageMs: 10_000, pauseMs: 1, pollMs: 1 };
const ok = (text: string): Answer => ({ status: 200, text });
const begun = (name: string): Answer => ok(JSON.stringify({ name, done: false }));
const absent: Answer = { status: 404, text: '{"error":"no such group"}' };
/** As the real one answers when an operation takes longer than its own wait. */
const late: Answer = { status: 503, text: '{"error":"Wait for operation timed out"}' };
const there = ok(JSON.stringify({ cvds: [{ group: GROUP, name: "phone", status: "Running", adb_port: 6520 }] }));
const removal = { [REMOVE]: [begun("REMOVAL")], "POST operations/REMOVAL/:wait": [ok("{}")] };

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

async function client(answers: Readonly<Record<string, readonly Answer[]>>): Promise<Orchestrator> {
  fake = await fakeOrchestrator(answers);
  const address = parseCuttlefishAddress(fake.address());
  return new Orchestrator({ ...address, credentials: readCredentials(address, {}) }, patience);
}

const folder = (): string => join(cache, "cuttlefish");
const notes = (): readonly string[] => readdirSync(folder());
const at = (request: string): number => fake.asked.lastIndexOf(request);

function create(orchestrator: Orchestrator): Promise<CreatedGroup> {
  const options = { address: fake.address().href, timeoutMs: 10_000, onWait: () => undefined };
  return createGroup(orchestrator, { group: GROUP, body: {} }, options);
}

/** As one that a process which is dead now has written. */
function leaveNote(left: Partial<Leftovers>): void {
  mkdirSync(folder(), { recursive: true, mode: 0o700 });
  const owner = { ...self(), pid: 2 ** 22 - 1, startTicks: "0", life: undefined };
  const note = { ...{ group: GROUP, isMade: true, snapshots: [], operations: [], asked: 0 }, ...left };
  const path = join(folder(), `${note.group}.json`);
  writeFileSync(path, JSON.stringify({ address: fake.address().href, owner, ...note }));
}

describe("what an operation makes that goes on when a device is removed", () => {
  test("a snapshot that nobody waits for any more is removed when it has been written", async () => {
    const orchestrator = await client({
      ...{ "POST cvds": [begun("CREATION")], "POST operations/CREATION/:wait": [ok("{}")] },
      ...{
        [`POST ${PHONE}/snapshots`]: [begun("SAVE")],
        "POST operations/SAVE/:wait": ["silence", late, late, ok("{}")],
      },
      ...{ [LOOK]: [there, there, absent], ...removal },
      ...{ "DELETE snapshots/SNAPSHOT": [begun("DROP")], "POST operations/DROP/:wait": [ok("{}")] },
    });
    const made = await create(orchestrator);
    const device = cuttlefishRewinding(made.orchestrator, {
      ...{ cvd: made.cvd, connect: async () => undefined, disconnect: async () => undefined },
      ...{ leave: async () => undefined, onSnapshot: (id) => made.addSnapshot(id) },
      ...{ onLost: () => undefined, onWait: () => undefined },
    });
    const controller = new AbortController();
    const saving = device.save(undefined, "", controller.signal);
    // The one that gets no answer.
    while (!fake.asked.includes("POST operations/SAVE/:wait")) await new Promise(setImmediate);
    controller.abort(new Error("the test is over"));
    await expect(saving).rejects.toThrow("the test is over");
    await made.remove();
    const drop = fake.asked.findIndex((request) => request.startsWith("DELETE snapshots/"));
    expect(fake.asked.slice(at(REMOVE)).filter((request) => request === "POST operations/SAVE/:wait")).toHaveLength(3);
    expect(drop).toBeGreaterThan(at("POST operations/SAVE/:wait"));
    expect(notes()).toEqual([]);
  });

  test("one that is written for longer than the deadline stays noted", async () => {
    const orchestrator = await client({ "POST operations/SAVE/:wait": [late] });
    const left = { group: GROUP, isMade: false, snapshots: [SNAPSHOT], operations: ["SAVE"], asked: 0 };
    await expect(removeLeftovers(orchestrator, left, 50, 1)).rejects.toMatchObject({
      code: "TIMEOUT",
      message: expect.stringContaining("operation SAVE") as unknown,
    });
    expect(fake.asked).not.toContain(`DELETE snapshots/${SNAPSHOT}`);
  });

  test("a device whose creation was given up, and that comes up when its images are there, is removed", async () => {
    const orchestrator = await client({
      "POST cvds": [begun("CREATION")],
      // 401: from a server in front of the orchestrator. It says nothing of the operation.
      "POST operations/CREATION/:wait": [{ status: 401, text: "{}" }, late, ok("{}")],
      ...{ [LOOK]: [absent, absent, absent, absent, there, absent], ...removal },
    });
    await expect(create(orchestrator)).rejects.toMatchObject({ code: "LAB_CREDENTIALS" });
    expect(fake.asked).toContain(REMOVE);
    expect(at(LOOK)).toBeGreaterThan(at(REMOVE));
    expect(notes()).toEqual([]);
  });

  test("of a process that died before it knew the operation: all that run are waited for", async () => {
    const answers = {
      "GET operations": [ok('{"operations":[{"name":"SAVE","done":false},{"name":"OF_OTHERS","done":false}]}')],
      ...{ "POST operations/SAVE/:wait": [ok("{}")], "POST operations/OF_OTHERS/:wait": [ok('"REPORT_OF_OTHERS"')] },
      ...{ "DELETE snapshots/SNAPSHOT": [begun("DROP")], "POST operations/DROP/:wait": [ok("{}")] },
    };
    const orchestrator = await client(answers);
    leaveNote({ isMade: false, snapshots: [SNAPSHOT], asked: 1 });
    await sweepNotes(orchestrator.server.base);
    expect(at(`DELETE snapshots/${SNAPSHOT}`)).toBeGreaterThan(at("POST operations/SAVE/:wait"));
    expect(fake.asked).toContain("POST operations/OF_OTHERS/:wait");
    expect(fake.asked.filter((request) => request.includes("cvdbugreports"))).toEqual([]);
    expect(notes()).toEqual([]);
  });
});

describe("a bug report that nobody waits for any more", () => {
  const path = `POST cvds/${GROUP}/:bugreport`;

  test("is noted by its operation, though the device is not ours", async () => {
    const answers = { [path]: [begun("REPORTING")], "POST operations/REPORTING/:wait": ["silence"] as Answer[] };
    const orchestrator = (await client(answers)).watched(noteOperations(fake.address().href));
    const controller = new AbortController();
    const reporting = bugReports(orchestrator, GROUP, controller.signal)();
    while (!fake.asked.includes("POST operations/REPORTING/:wait")) await new Promise(setImmediate);
    controller.abort(new Error("the device was given back"));
    await reporting;
    const [name = ""] = notes();
    expect(JSON.parse(readFileSync(join(folder(), name), "utf8"))).toMatchObject({
      ...{ isMade: false, operations: ["REPORTING"], asked: 0 },
    });
  });

  test.each<[string, Readonly<Record<string, readonly Answer[]>>, number]>([
    ["and is removed leaves no note", { "DELETE cvdbugreports/REPORT": [ok("")] }, 0],
    ["and cannot be removed is noted", { "DELETE cvdbugreports/REPORT": [{ status: 502, text: "" }] }, 1],
    ["and is refused leaves no note", { [path]: [{ status: 500, text: "{}" }] }, 0],
    ["and fails leaves no note", { "POST operations/REPORTING/:wait": [{ status: 500, text: "{}" }] }, 0],
  ])("one that was waited for %s", async (_what, answers, count) => {
    const orchestrator = await client({
      ...{ [path]: [begun("REPORTING")], "POST operations/REPORTING/:wait": [ok('"REPORT"')] },
      ...{ "GET cvdbugreports/REPORT": [ok("PK")], ...answers },
    });
    const watched = orchestrator.watched(noteOperations(fake.address().href));
    await bugReports(watched, GROUP, new AbortController().signal)();
    expect(notes()).toHaveLength(count);
  });

  test("is removed by the next run on the host, which leaves the device alone", async () => {
    const orchestrator = await client({
      ...{ "POST operations/REPORTING/:wait": [ok('"REPORT"')], "DELETE cvdbugreports/REPORT": [ok("")] },
    });
    leaveNote({ isMade: false, operations: ["REPORTING", "../cvds"] });
    expect(await sweepNotes(orchestrator.server.base)).toEqual([]);
    expect(fake.asked).toEqual(["POST operations/REPORTING/:wait", "DELETE cvdbugreports/REPORT"]);
    expect(notes()).toEqual([]);
  });
});

import { afterEach, describe, expect, test } from "@jest/globals";
import type { Rewinding } from "../../sources/device-source.js";
import { parseCuttlefishAddress } from "../address.js";
import { readCredentials } from "../api/credentials.js";
import { Orchestrator } from "../api/orchestrator.js";
import { fakeOrchestrator, type Answer, type FakeOrchestrator } from "../testing/fake-orchestrator.js";
import { GROUP } from "../testing/recording.js";
import { cuttlefishRewinding } from "./rewinding.js";
import { isSnapshotId } from "./snapshots.js";

const patience = { answerMs: 10_000, waitAnswerMs: 10_000, outageMs: 10_000, pauseMs: 1, pollMs: 1 };
const PHONE = `cvds/${GROUP}/phone`;
const WAIT = "POST operations/OPERATION/:wait";
const begun: Answer = { status: 200, text: '{"name":"OPERATION"}' };
const done: Answer = { status: 200, text: "{}" };
const group = (status: string, port: number): Answer => ({
  status: 200,
  text: JSON.stringify({ cvds: [{ group: GROUP, name: "phone", status, adb_port: port }] }),
});

let fake: FakeOrchestrator;
let happened: string[];
afterEach(() => fake.close());

async function rewinding(answers: Readonly<Record<string, readonly Answer[]>>): Promise<Rewinding> {
  fake = await fakeOrchestrator(answers);
  happened = [];
  const address = parseCuttlefishAddress(fake.address());
  const orchestrator = new Orchestrator({ ...address, credentials: readCredentials(address, {}) }, patience);
  return cuttlefishRewinding(orchestrator, {
    ...{ cvd: { group: GROUP, name: "phone", status: "Running", adbPort: 6520 }, serial: "127.0.0.1:6520" },
    leave: async () => void happened.push("left"),
    onSnapshot: async (id) => void happened.push(`note ${id}, before ${fake.asked.length} requests`),
    onLost: ({ message }) => void happened.push(message),
    onWait: (message) => void happened.push(message),
  });
}

describe("snapshots of a Cuttlefish device", () => {
  test("are noted before they are made, under ids that the orchestrator takes", async () => {
    const device = await rewinding({ [`POST ${PHONE}/snapshots`]: [begun], [WAIT]: [done] });
    const saved = await device.save("key", "what was noted");
    expect(saved.note).toBe("what was noted");
    expect(isSnapshotId(saved.identity)).toBe(true);
    // Its snapshotIDRegex.
    expect(saved.identity).toMatch(/^([-_a-z0-9]+)$/);
    expect(happened).toEqual([`note ${saved.identity}, before 0 requests`]);
    expect(fake.asked).toEqual([`POST ${PHONE}/snapshots`, WAIT]);
    // They end with the device, whatever their key.
    expect(await device.find("key")).toBeUndefined();
  });

  test("are removed when they are dropped", async () => {
    const device = await rewinding({ "DELETE snapshots/avf_0123456789abcdef": [begun], [WAIT]: [done] });
    await device.drop({ folder: "", note: "", identity: "avf_0123456789abcdef" });
    expect(fake.asked).toEqual(["DELETE snapshots/avf_0123456789abcdef", WAIT]);
  });

  test.each([
    ["runs on is of use", group("Running", 6520), []],
    [
      "it left suspended is lost",
      group("Suspended", 0),
      [/^Device \S+\/phone is Suspended, with adb port 0 after it was saved/],
    ],
  ])("that fail are told with the words of cvd; a device that %s", async (_what, looked, lost) => {
    const refused = { status: 500, text: '{"error":"cvd snapshot_take failed"}' };
    const device = await rewinding({
      ...{ [`POST ${PHONE}/snapshots`]: [begun], [WAIT]: [refused], [`GET cvds/${GROUP}`]: [looked] },
    });
    await expect(device.save(undefined, "")).rejects.toMatchObject({
      code: "LAB_REFUSED",
      message: expect.stringContaining("cvd snapshot_take failed") as unknown,
    });
    expect(happened.slice(1)).toEqual(lost.map((pattern) => expect.stringMatching(pattern) as unknown));
  });
});

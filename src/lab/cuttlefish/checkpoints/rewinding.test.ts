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

async function rewinding(
  answers: Readonly<Record<string, readonly Answer[]>>,
  connect: () => Promise<void> = async () => void happened.push("connected"),
): Promise<Rewinding> {
  fake = await fakeOrchestrator(answers);
  happened = [];
  const address = parseCuttlefishAddress(fake.address());
  const orchestrator = new Orchestrator({ ...address, credentials: readCredentials(address, {}) }, patience);
  return cuttlefishRewinding(orchestrator, {
    ...{ cvd: { group: GROUP, name: "phone", status: "Running", adbPort: 6520 }, connect },
    disconnect: async () => void happened.push("disconnected"),
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

  test.each<[string, string | undefined]>([
    ["answers is of use", undefined],
    ["it left suspended, which cvd calls running, is lost", "no answer in 30 s"],
  ])("that fail are reported with the words of cvd; a device that %s", async (_what, problem) => {
    const refused = { status: 500, text: '{"error":"cvd snapshot_take failed"}' };
    const answers = { [`POST ${PHONE}/snapshots`]: [begun], [WAIT]: [refused] };
    const device = await rewinding(answers, async () => {
      if (problem !== undefined) throw new Error(problem);
    });
    await expect(device.save(undefined, "")).rejects.toMatchObject({
      code: "LAB_REFUSED",
      message: expect.stringContaining("cvd snapshot_take failed") as unknown,
    });
    expect(happened.slice(1)).toEqual(problem === undefined ? [] : [problem]);
  });

  test("are gone back to by a stop and a start, once the handle is let go of; without one the device is reset", async () => {
    const device = await rewinding({
      ...{ [`POST ${PHONE}/:stop`]: [begun], [`POST ${PHONE}/:start`]: [begun], [`POST ${PHONE}/:powerwash`]: [begun] },
      ...{ [WAIT]: [done], [`GET cvds/${GROUP}`]: [group("Running", 6520)] },
    });
    await device.restore({ folder: "", note: "", identity: "avf_0123456789abcdef" });
    await device.restore(undefined);
    expect(happened).toEqual(["left", "disconnected", "connected", "left", "disconnected", "connected"]);
    expect(fake.asked.filter((request) => request.startsWith(`POST ${PHONE}`))).toEqual([
      ...[`POST ${PHONE}/:stop`, `POST ${PHONE}/:start`],
      `POST ${PHONE}/:powerwash`,
    ]);
  });

  test.each([
    [
      "does not start",
      { status: 500, text: '{"error":"cvd start failed"}' },
      group("Running", 6520),
      /cvd start failed/,
    ],
    ["comes up elsewhere", done, group("Running", 6521), /phone is Running, with adb port 6521 after it was restored/],
  ])("a device that %s is lost", async (_what, waited, looked, message) => {
    const device = await rewinding({
      ...{ [`POST ${PHONE}/:stop`]: [begun], [`POST ${PHONE}/:start`]: [begun] },
      ...{ [WAIT]: [done, waited], [`GET cvds/${GROUP}`]: [looked] },
    });
    await expect(device.restore({ folder: "", note: "", identity: "avf_0123456789abcdef" })).rejects.toThrow(message);
    expect(happened.at(-1)).toMatch(message);
  });

  test.each<[string, Answer, number]>([
    ["each once", begun, 2],
    ["and no more once the orchestrator refuses one", { status: 500, text: "{}" }, 1],
  ])("of a file that is over are removed, %s", async (_what, removal, removed) => {
    const answers = { [`POST ${PHONE}/snapshots`]: [begun], [WAIT]: [done], "DELETE snapshots/SNAPSHOT": [removal] };
    const device = await rewinding(answers);
    const saved = [await device.save(undefined, ""), await device.save("key", "")];
    const before = fake.asked.length;
    await device.forget?.();
    await device.forget?.();
    expect(fake.asked.slice(before).filter((request) => request !== WAIT)).toEqual(
      saved.slice(0, removed).map(({ identity }) => `DELETE snapshots/${identity}`),
    );
  });
});

/** Devices that are made, and who removes them, at the real host orchestrator; none of them is there to be used. */
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../../base/paths.js";
import { until } from "../../../base/testing/until.js";
import { parseCuttlefishAddress } from "../address.js";
import { cuttlefishRewinding } from "../checkpoints/rewinding.js";
import { createGroup, type CreatedGroup } from "../created-group.js";
import { readCredentials } from "../api/credentials.js";
import { readEnvironmentConfig } from "../environment-config.js";
import { sweepNotes } from "../notes.js";
import { Orchestrator } from "../api/orchestrator.js";
import { holdGroup } from "./hold-group.js";
import { TestOrchestrator, whyNoOrchestrator } from "./test-orchestrator.js";

jest.setTimeout(3 * 60_000);

const reason = whyNoOrchestrator();
const describeThere = reason === undefined ? describe : describe.skip;

describeThere(`devices that are made${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
  let lab: TestOrchestrator;
  const told: string[] = [];
  const groups: CreatedGroup[] = [];
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    lab = await TestOrchestrator.start();
  });
  afterEach(async () => {
    told.length = 0;
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await Promise.all(groups.splice(0).map((group) => group.remove()));
  });
  afterAll(() => lab.stop());

  function client(): Orchestrator {
    const address = parseCuttlefishAddress(lab.address());
    return new Orchestrator({ ...address, credentials: readCredentials(address) });
  }

  async function create(stub: object, signal?: AbortSignal): Promise<CreatedGroup> {
    const config = readEnvironmentConfig(lab.writeConfig({ stub }));
    const onWait = (text: string): void => void told.push(text);
    const options = { address: lab.address().href, timeoutMs: 60_000, signal, onWait };
    const group = await createGroup(client(), config, options);
    groups.push(group);
    return group;
  }

  const notes = (): readonly string[] => readdirSync(join(cacheFolder(), "cuttlefish"));

  /** Processes that it has started and that live on without it. */
  function startedBy(pid: number): readonly number[] {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  }

  async function holdElsewhere(stub: object): ReturnType<typeof holdGroup> {
    const held = await holdGroup(lab.address(`config=${lab.writeConfig({ stub })}`));
    children.push(held.child);
    return held;
  }

  test("exist until they are removed, and no record of them is left", async () => {
    const { cvd, remove } = await create({ bootMs: 200 });
    expect(await lab.devices()).toEqual([`${cvd.group}/phone Running`]);
    expect(notes()).toEqual([`${cvd.group}.json`]);
    await remove();
    await remove();
    expect(await lab.devices()).toEqual([]);
    expect(notes()).toEqual([]);
  });

  test("that do not boot fail with the message of cvd, and are removed", async () => {
    await expect(create({ fails: "VIRTUAL_DEVICE_BOOT_FAILED" })).rejects.toMatchObject({
      code: "LAB_REFUSED",
      message: expect.stringMatching(/POST \/cvds: failed to launch cvd: .*VIRTUAL_DEVICE_BOOT_FAILED/) as unknown,
    });
    expect(await lab.devices()).toEqual([]);
  });

  test("whose creation is cancelled are removed", async () => {
    const controller = new AbortController();
    const creating = create({ bootMs: 3_000 }, controller.signal);
    await until("the device to be made", async () => (await lab.devices()).length > 0);
    controller.abort(new Error("enough"));
    await expect(creating).rejects.toThrow("enough");
    expect(await lab.devices()).toEqual([]);
  });

  test("are removed with a snapshot that is still being written", async () => {
    const made = await create({ bootMs: 100, saveMs: 3_000 });
    const ignore = async (): Promise<void> => undefined;
    const device = cuttlefishRewinding(made.orchestrator, {
      ...{ cvd: made.cvd, connect: ignore, disconnect: ignore, leave: ignore },
      ...{ onSnapshot: (id) => made.addSnapshot(id), onLost: () => undefined, onWait: () => undefined },
    });
    const controller = new AbortController();
    const saving = device.save(undefined, "", controller.signal);
    await until("the snapshot to be begun", () => lab.snapshots().length > 0);
    controller.abort(new Error("enough"));
    await expect(saving).rejects.toThrow("enough");
    await made.remove();
    expect(told).toEqual([]);
    expect(await lab.devices()).toEqual([]);
    expect(lab.snapshots()).toEqual([]);
    expect(notes()).toEqual([]);
  });

  test("of a process that SIGKILL ended are removed at once, with their snapshots", async () => {
    const { child, group } = await holdElsewhere({ bootMs: 100 });
    expect(await lab.devices()).toEqual([`${group}/phone Running`]);
    expect(lab.snapshots()).toEqual([expect.stringMatching(/^avf_[0-9a-f]{16}$/)]);
    child.kill("SIGKILL");
    await until("the device to be removed", async () => (await lab.devices()).length === 0);
    await until("the note to go", () => notes().length === 0);
    expect(lab.snapshots()).toEqual([]);
  });

  test("of a process that died with its guardian are removed by the next run on the host", async () => {
    const { child, group } = await holdElsewhere({ bootMs: 100 });
    const guardians = startedBy(child.pid ?? 0);
    expect(guardians).toHaveLength(1);
    for (const pid of guardians) process.kill(pid, "SIGKILL");
    child.kill("SIGKILL");
    await once(child, "exit");
    const { base } = client().server;
    expect(await sweepNotes(`${base}elsewhere/`)).toEqual([]);
    expect(await lab.devices()).toEqual([`${group}/phone Running`]);
    expect(await sweepNotes(base)).toEqual([group]);
    expect(await lab.devices()).toEqual([]);
    expect(lab.snapshots()).toEqual([]);
    expect(notes()).toEqual([]);
  });

  test("are waited for through a restart of the orchestrator, which has forgotten them", async () => {
    const creating = create({ bootMs: 6_000 });
    await until("the device to be made", async () => (await lab.devices()).length > 0);
    await lab.kill();
    await until("word", () => told.some((text) => /cannot be reached: .* Trying again/.test(text)));
    await lab.startAgain();
    const { cvd } = await creating;
    expect(await lab.devices()).toEqual([`${cvd.group}/phone Running`]);
  });
});

import { expect, test } from "@jest/globals";
import type { App } from "./app.js";
import type { Rewinding } from "./sources/device-source.js";
import { Timeline } from "./timeline.js";

function timelineOf(vms: readonly object[], savesRunningVms: boolean, saved: string[]): Timeline {
  const app = { packageName: "app", vmm: { moment: () => ({ past: vms, objects: new Map() }) } } as unknown as App;
  const rewinding = {
    savesRunningVms,
    save: async (_key: string | undefined, note: string) => {
      saved.push(note);
      return { folder: "", note, identity: "1" };
    },
    drop: async () => undefined,
  } as unknown as Rewinding;
  return new Timeline({ rewinding, apps: [app], equip: async () => undefined, record: undefined });
}

test("a device that can be saved only without VMs is not saved while one runs", async () => {
  const saved: string[] = [];
  await expect(timelineOf([{ name: "vm1", running: { cid: 2048 } }], false, saved).save("two")).rejects.toMatchObject({
    kind: "usage",
    code: "CANNOT_SAVE",
    message: expect.stringContaining('VM "vm1" runs, and this device can be saved only while none does') as unknown,
  });
  expect(saved).toEqual([]);
  await timelineOf([{ name: "vm1" }], false, saved).save("one");
  expect(saved.map((note) => JSON.parse(note) as unknown)).toEqual([
    { version: 1, name: "one", vms: { app: [{ name: "vm1" }] } },
  ]);
});

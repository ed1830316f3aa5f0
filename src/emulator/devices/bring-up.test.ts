import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchMachine } from "../machine/launch.js";
import type { ReadyDevice } from "../setup.js";
import { bringUp } from "./bring-up.js";

const saved = process.env["AVF_CACHE_DIR"];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-bring-up-"));
  process.env["AVF_CACHE_DIR"] = folder;
});
afterEach(() => {
  if (saved === undefined) delete process.env["AVF_CACHE_DIR"];
  else process.env["AVF_CACHE_DIR"] = saved;
  rmSync(folder, { recursive: true });
});

/** What QEMU writes and how it exits on a signal that it handles: os_handle_signal(), qemu_kill_report(). */
const TERMINATED = "qemu-system-x86_64: terminating on signal 15 from pid 4711 (bash)";

test.each([
  ["the kernel for want of memory", "kill -KILL $$", "DEVICE_ENDED"],
  ["somebody, before QEMU handles signals", "kill -TERM $$", "DEVICE_ENDED"],
  ["somebody, after that", `echo '${TERMINATED}' >&2; exit 0`, "DEVICE_ENDED"],
  ["its own assertion", "kill -ABRT $$", "SNAPSHOT_UNUSABLE"],
  ["its own error", "exit 1", "SNAPSHOT_UNUSABLE"],
])("a machine that is ended by %s while it starts", async (_who, script, code) => {
  const machine = launchMachine(["sh", "-c", script], { folder, workingFolder: folder, detached: false });
  const start = {
    ready: {} as ReadyDevice,
    origin: { kind: "saved", folder },
    ...{ folder, adbPort: 1, detached: false, vmm: undefined },
    identity: { serialNumber: "one", release: 15, vmTemplates: false, slowness: 1, accelerator: "tcg" },
  } as const;
  await expect(bringUp(machine, start, machine.ended)).rejects.toMatchObject({ code });
});

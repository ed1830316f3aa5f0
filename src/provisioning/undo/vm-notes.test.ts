import { expect, test } from "@jest/globals";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HostDevice } from "../../device/testing/host-device.js";
import { removeNotedVm, vmNotes, type VmNote } from "./vm-notes.js";

test("a VM stays noted when its name is requested again and refused, until it is removed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "avf-vm-notes-"));
  try {
    const device = new HostDevice();
    const path = join(folder, "vm1");
    let written: readonly VmNote[] = [];
    const notes = vmNotes(device, (vms) => (written = vms));
    notes.coming(path, "first");
    mkdirSync(path);
    writeFileSync(join(path, ".claim"), "first");
    await notes.made(path, "first");
    rmSync(join(path, ".claim"));
    expect(readFileSync(join(path, ".avf-run"), "utf8")).toBe("first");
    notes.coming(path, "second");
    // A run that is killed now leaves both notes: only that of the VM which is there proves anything.
    expect(written).toEqual([
      { path, mark: "first" },
      { path, mark: "second" },
    ]);
    notes.notMade(path, "second");
    expect(written).toEqual([{ path, mark: "first" }]);
    expect(await removeNotedVm(device, { path, mark: "second" })).toBe(false);
    expect(await removeNotedVm(device, { path, mark: "first" })).toBe(true);
    notes.gone(path);
    expect(written).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { identify } from "../../../process/identity.js";
import { killLeftoverVmms, recordVmm } from "./vmm-records.js";

let folder: string;
const children: ChildProcess[] = [];
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "avf-vmms-"))));
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

function monitor(cid: string): ChildProcess {
  const child = spawn("sleep", ["1000"]);
  children.push(child);
  mkdirSync(join(folder, cid));
  recordVmm(join(folder, cid), child.pid ?? 0);
  return child;
}

test("a service that starts ends what the record names, and no process that has its pid now", async () => {
  const left = monitor("2048");
  const another = monitor("2049");
  writeFileSync(join(folder, "2049/vmm.json"), JSON.stringify({ ...identify(another.pid ?? 0), startTicks: "1" }));
  mkdirSync(join(folder, "2050"));
  writeFileSync(join(folder, "2050/vmm.json"), "null");
  const ended = once(left, "exit");
  await killLeftoverVmms(folder);
  expect(await ended).toEqual([null, "SIGKILL"]);
  expect(another.exitCode ?? another.signalCode).toBeNull();
  expect(identify(another.pid ?? 0)).toBeDefined();
});

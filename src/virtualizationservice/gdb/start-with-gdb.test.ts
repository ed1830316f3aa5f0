import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Device } from "../../device/contract.js";
import { listGdbNotes } from "../../device/gdb-notes.js";
import type { DeathReason, RunningVm } from "../contract.js";
import { startWithGdb } from "./start-with-gdb.js";

const { AVF_CACHE_DIR } = process.env;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-gdb-"));
  process.env["AVF_CACHE_DIR"] = folder;
});
afterEach(() => {
  if (AVF_CACHE_DIR === undefined) delete process.env["AVF_CACHE_DIR"];
  else process.env["AVF_CACHE_DIR"] = AVF_CACHE_DIR;
  rmSync(folder, { recursive: true, force: true });
});

function fakeVm(): { readonly vm: RunningVm; readonly die: () => void } {
  let die = (): void => undefined;
  const reason = { kind: "unrecognised", raw: "test" } as const;
  const died = new Promise<DeathReason>((resolve) => (die = () => resolve(reason)));
  return { vm: { died, writeConsole: undefined } as unknown as RunningVm, die: () => die() };
}

/** @param tables what `/proc/net/tcp` says, each time it is asked; the last one for good */
function deviceThatTells(tables: readonly string[]): { readonly device: Device; readonly asked: () => number } {
  let asked = 0;
  const execShort = (): Promise<{ output: string }> =>
    Promise.resolve({ output: tables[Math.min(asked++, tables.length - 1)] ?? "" });
  const device = { serial: "memory", gone: new AbortController().signal, execShort } as unknown as Device;
  return { device, asked: () => asked };
}

const HEAD = "  sl  local_address rem_address   st\n";
const ALL = Array.from(
  { length: 10_000 },
  (_, at) => `   0: 0100007F:${(20_000 + at).toString(16).toUpperCase()} 00000000:0000 0A\n`,
).join("");

test("a VM is reported as running once its stub listens, is recorded then, and forgotten when it ends", async () => {
  const { device, asked } = deviceThatTells([HEAD, HEAD, HEAD, HEAD + ALL]);
  const { vm, die } = fakeVm();
  const notesAtStart: number[] = [];
  const running = await startWithGdb(device, "vm1", async () => {
    notesAtStart.push(listGdbNotes().length);
    return vm;
  });
  expect({ asked: asked(), notesAtStart }).toEqual({ asked: 4, notesAtStart: [0] });
  expect(listGdbNotes()).toMatchObject([{ vm: "vm1", serial: "memory", port: running.gdb?.port }]);
  die();
  await running.died;
  await Promise.resolve();
  expect(listGdbNotes()).toEqual([]);
});

test.each([
  ["a device that does not tell", [""]],
  ["a VM that ends before", [HEAD, HEAD]],
])("%s does not block", async (what, tables) => {
  const { device } = deviceThatTells(tables);
  const { vm, die } = fakeVm();
  if (what.startsWith("a VM")) die();
  const running = await startWithGdb(device, "vm1", () => Promise.resolve(vm));
  expect(listGdbNotes()).toHaveLength(what.startsWith("a VM") ? 0 : 1);
  die();
  await running.died;
});

test("a VM that does not start leaves no port and no record", async () => {
  const { device } = deviceThatTells([HEAD]);
  await expect(startWithGdb(device, "vm1", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(listGdbNotes()).toEqual([]);
});

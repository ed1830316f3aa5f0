import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { self } from "../process/life.js";
import { listGdbNotes, noteGdb } from "./gdb-notes.js";

let cache: string;
const before = process.env["AVF_CACHE_DIR"];

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "gdb-notes-"));
  process.env["AVF_CACHE_DIR"] = cache;
});
afterEach(() => {
  if (before === undefined) delete process.env["AVF_CACHE_DIR"];
  else process.env["AVF_CACHE_DIR"] = before;
  rmSync(cache, { recursive: true, force: true });
});

test("are there as long as their VM", () => {
  const notes = [
    { vm: "vm1", serial: "a", port: 1 },
    { vm: "vm2", serial: "a", port: 2 },
  ] as const;
  const [remove1] = notes.map(noteGdb);
  expect(
    listGdbNotes()
      .map(({ vm, port }) => `${vm}:${port}`)
      .sort(),
  ).toEqual(["vm1:1", "vm2:2"]);
  remove1!();
  expect(listGdbNotes()).toMatchObject([notes[1]]);
});

test("records of dead processes are removed, others stay", () => {
  expect(listGdbNotes()).toEqual([]);
  noteGdb({ vm: "vm1", serial: "a", port: 1 });
  const folder = join(cache, "gdb");
  mkdirSync(folder, { recursive: true });
  const dead = { vm: "vm2", serial: "a", port: 2, owner: { ...self(), pid: 2 ** 22 - 1, life: undefined } };
  writeFileSync(join(folder, "00112233445566aa.json"), JSON.stringify(dead));
  writeFileSync(join(folder, "00112233445566bb.json"), "no note");
  writeFileSync(join(folder, "other.txt"), "x");
  expect(listGdbNotes().map(({ vm }) => vm)).toEqual(["vm1"]);
  expect(readdirSync(folder)).not.toContain("00112233445566aa.json");
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(["00112233445566bb.json", "other.txt"]));
});

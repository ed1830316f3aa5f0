import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { sweepPullDrafts, withPullDraft } from "./pull-drafts.js";

let folder: string;
const saved = process.env["AVF_CACHE_DIR"];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-pulls-"));
  process.env["AVF_CACHE_DIR"] = join(folder, "cache");
});
afterEach(() => {
  if (saved === undefined) delete process.env["AVF_CACHE_DIR"];
  else process.env["AVF_CACHE_DIR"] = saved;
  rmSync(folder, { recursive: true });
});

const noteFolder = (): string => join(folder, "cache/pulled-from-devices/this-host");
const notes = (): readonly string[] => (existsSync(noteFolder()) ? readdirSync(noteFolder()) : []);
const target = (): string => join(folder, "pulled");

/** A pull that never ends, as one of a process that was killed; its draft is returned. */
async function killedPull(content?: string): Promise<string> {
  const draft = await new Promise<string>((resolve) => {
    void withPullDraft(target(), (path) => {
      writeFileSync(path, "half");
      resolve(path);
      return new Promise(() => undefined);
    });
  });
  const path = join(noteFolder(), notes()[0] ?? "");
  const note = JSON.parse(readFileSync(path, "utf8")) as { content: unknown };
  const owner = { pid: spawnSync("true").pid, startTicks: "1" };
  writeFileSync(path, JSON.stringify({ ...note, ...(content === undefined ? {} : { content }), owner }));
  return draft;
}

describe("the draft of a pull", () => {
  test("is recorded as long as it exists, and becomes the file", async () => {
    await withPullDraft(target(), async (draft) => {
      expect(readFileSync(join(noteFolder(), notes()[0] ?? ""), "utf8")).toContain(JSON.stringify(draft));
      writeFileSync(draft, "whole");
      await sweepPullDrafts();
      await rename(draft, target());
    });
    expect(readFileSync(target(), "utf8")).toBe("whole");
    expect(notes()).toEqual([]);
  });

  test("is removed when the pull fails", async () => {
    const pull = withPullDraft(target(), async (draft) => {
      writeFileSync(draft, "half");
      throw new Error("the device went away");
    });
    await expect(pull).rejects.toThrow("the device went away");
    expect(readdirSync(folder)).toEqual(["cache"]);
    expect(notes()).toEqual([]);
  });

  test("of a killed process is removed when a device is opened next, and nothing else", async () => {
    writeFileSync(target(), "of before");
    const draft = await killedPull();
    await sweepPullDrafts();
    expect(existsSync(draft)).toBe(false);
    expect(readFileSync(target(), "utf8")).toBe("of before");
    expect(notes()).toEqual([]);
  });

  test("has a random name: a record of anything else removes nothing, and is dropped", async () => {
    writeFileSync(target(), "of somebody");
    await killedPull(target());
    await sweepPullDrafts();
    expect(existsSync(target())).toBe(true);
    expect(notes()).toEqual([]);
  });
});

import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished, pipeline } from "node:stream/promises";
import { fileBound, openBounded, type FileBound } from "./bounded-file.js";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "avf-bounded-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const bound = (maxBytes: number, minFreeBytes = 0): FileBound => ({ maxBytes, minFreeBytes });

async function written(chunks: readonly string[], limit: FileBound): Promise<string> {
  const path = join(folder, "console.txt");
  const stream = await openBounded(await open(path, "w"), limit);
  await pipeline(chunks, stream);
  await finished(stream).catch(() => undefined);
  return readFileSync(path, "utf8");
}

const CUT = "[vm: this file ends here because it has 10 bytes; the VM continues]\n";

test.each([
  ["all that fits is there", ["12345\n", "7890"], "12345\n7890"],
  ["the byte too many cuts", ["12345\n", "7890!"], `12345\n7890\n${CUT}`],
  ["after a whole line no other begins", ["123456789\n", "more\n", "and more\n"], `123456789\n${CUT}`],
  ["a chunk larger than the file", ["x".repeat(100_000), "y"], `${"x".repeat(10)}\n${CUT}`],
])("%s", async (_what, chunks, text) => {
  expect(await written(chunks, bound(10))).toBe(text);
});

test("a disk that has little left for others is left to them", async () => {
  expect(await written(["first\n", "second\n"], bound(1000, Number.MAX_SAFE_INTEGER))).toMatch(
    /^first\n\[vm: this file ends here because its disk has less than \d+ MiB left; the VM continues\]\n$/,
  );
});

test("what cannot be written is dropped, and the writer is not stopped", async () => {
  const file = await open("/dev/full", "w");
  // As a file of a full disk: /dev/full is none.
  file.stat = (async () => ({ isFile: () => true })) as unknown as typeof file.stat;
  const stream = await openBounded(file, bound(1 << 20));
  let failure: unknown;
  stream.on("error", (error) => (failure = error));
  await pipeline(["one", "two"], stream);
  expect(failure).toBeUndefined();
});

test("a pipe takes all: its reader sets the pace", async () => {
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  const reading = readFile(path, "utf8");
  const stream = await openBounded(await open(path, "w"), bound(3));
  await pipeline(["12345", "67890"], stream);
  expect(await reading).toBe("1234567890");
});

test("the property sets the limit in bytes; other values have no effect", () => {
  expect(fileBound("65536").maxBytes).toBe(65_536);
  for (const text of [undefined, "", "0", "-5", "many", "1e400"]) expect(fileBound(text)).toEqual(fileBound(undefined));
});

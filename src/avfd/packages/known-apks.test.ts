import { afterEach, beforeAll, beforeEach, expect, jest, test } from "@jest/globals";
import { mkdtemp, open, rm, stat, writeFile, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildApk, bytesSource, createIdsig, throwAwayKey, type SigningKey } from "../../apk/index.js";
import { KnownApks } from "./known-apks.js";

const CONFIG = "assets/vm_config.json";
const MANIFEST = '<manifest package="com.example" />';
const FOR_EVER = new AbortController().signal;

let folder: string;
let key: SigningKey;
let apks: KnownApks;
let now: jest.SpiedFunction<typeof Date.now>;
const files: FileHandle[] = [];

beforeAll(() => {
  key = throwAwayKey();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "known-apks-"));
  apks = new KnownApks();
  now = jest.spyOn(Date, "now");
});
afterEach(async () => {
  now.mockRestore();
  for (const file of files.splice(0)) await file.close();
  await rm(folder, { recursive: true });
});

/** Of the same size for names of the same length. */
function apkWith(extraApk: string): Promise<Buffer> {
  const config = { os: { name: "microdroid" }, extra_apks: [{ path: extraApk }] };
  const content = { "AndroidManifest.xml": MANIFEST, [CONFIG]: JSON.stringify(config) };
  return buildApk(new Map(Object.entries(content).map(([name, text]) => [name, Buffer.from(text)])), { key });
}

/** Written, and opened with a count of its reads; the clock then says that so much time went by. */
async function apkFile(
  name: string,
  bytes: Uint8Array,
  ageMs = 60_000,
): Promise<{ file: FileHandle; reads(): number }> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  now.mockReturnValue((await stat(path)).ctimeMs + ageMs);
  const file = await open(path);
  files.push(file);
  const read = jest.spyOn(file, "read");
  return { file, reads: () => read.mock.calls.length };
}

const expectedIdsig = (apk: Buffer): Promise<Buffer> => createIdsig(bytesSource(apk), { dialect: 15 });

test("the idsig of a file that stays as it is is made once", async () => {
  const apk = await apkWith("/a.apk");
  const first = await apkFile("x.apk", apk);
  expect(await apks.idsig(first.file, 15, FOR_EVER)).toEqual(await expectedIdsig(apk));
  const again = await open(join(folder, "x.apk"));
  files.push(again);
  const read = jest.spyOn(again, "read");
  expect(await apks.idsig(again, 15, FOR_EVER)).toEqual(await expectedIdsig(apk));
  expect(first.reads()).toBeGreaterThan(0);
  expect(read).not.toHaveBeenCalled();
});

test("each release has its own", async () => {
  const apk = await apkWith("/a.apk");
  const { file } = await apkFile("x.apk", apk);
  const [of15, of13] = [await apks.idsig(file, 15, FOR_EVER), await apks.idsig(file, 13, FOR_EVER)];
  expect(of13).toEqual(await createIdsig(bytesSource(apk), { dialect: 13 }));
  expect(of13).not.toEqual(of15);
});

test("a file that was written to in place, without a change of its size, is another one", async () => {
  const path = join(folder, "x.apk");
  await apks.idsig((await apkFile("x.apk", await apkWith("/a.apk"))).file, 15, FOR_EVER);
  const before = await stat(path, { bigint: true });
  const changed = await apkWith("/b.apk");
  // A clock that ticks a few hundred times a second gives two writes one time; `MIN_AGE_MS` is for that.
  do await writeFile(path, changed);
  while ((await stat(path, { bigint: true })).ctimeNs === before.ctimeNs);
  const { file } = await apkFile("x.apk", changed);
  expect((await stat(path, { bigint: true })).size).toBe(before.size);
  expect(await apks.idsig(file, 15, FOR_EVER)).toEqual(await expectedIdsig(changed));
  expect(await apks.extraApks(file, CONFIG, 15)).toEqual(["/b.apk"]);
});

test("nothing is cached of a file that was written just now: its time may not show the next change", async () => {
  const { file, reads } = await apkFile("x.apk", await apkWith("/a.apk"), 20);
  await apks.idsig(file, 15, FOR_EVER);
  const once = reads();
  await apks.idsig(file, 15, FOR_EVER);
  expect(reads()).toBe(2 * once);
});

test("a payload config is read once, a file without it is refused each time", async () => {
  const { file, reads } = await apkFile("x.apk", await apkWith("/a.apk"));
  expect(await apks.extraApks(file, CONFIG, 15)).toEqual(["/a.apk"]);
  const once = reads();
  expect(await apks.extraApks(file, CONFIG, 15)).toEqual(["/a.apk"]);
  expect(reads()).toBe(once);
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(apks.extraApks(file, "assets/none.json", 15)).rejects.toThrow("assets/none.json");
  }
});

test("the least recently used one is dropped for a ninth", async () => {
  const apk = await apkWith("/a.apk");
  const known = [];
  for (let number = 0; number < 8; number++) known.push(await apkFile(`${number}.apk`, apk));
  for (const { file } of known) await apks.idsig(file, 15, FOR_EVER);
  await apks.idsig(known[0]!.file, 15, FOR_EVER);
  const before = known.map(({ reads }) => reads());
  await apks.idsig((await apkFile("9.apk", apk)).file, 15, FOR_EVER);
  for (const { file } of [known[0]!, ...known.slice(2)]) await apks.idsig(file, 15, FOR_EVER);
  expect(known.map(({ reads }) => reads())).toEqual(before);
  await apks.idsig(known[1]!.file, 15, FOR_EVER);
  expect(known[1]!.reads()).toBeGreaterThan(before[1]!);
});

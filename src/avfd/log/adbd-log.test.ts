import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { followAdbdLog } from "./adbd-log.js";
import { LogBuffer } from "./log-buffer.js";
import { formatLogLine } from "./log-format.js";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "adbd-log-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** As adbd of Debian 12 and 13 prints them; the last is from its dynamic loader. */
const PRINTED = [
  "11-29 19:33:47.126   155   156 E adbd    : services.cpp:83 failed to connect to socket 'vsock:1:2': could not connect",
  "11-29 19:33:47.130   155   155 I adbd    : adb.cpp:395 authentication not required",
  "adbd: error while loading shared libraries: libz.so.1",
];

test("adbd's messages are in the log as Android's adbd has them there, also those of the next adbd", async () => {
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  const log = new LogBuffer();
  const echoed: string[] = [];
  const all = new Promise<void>((resolve) => {
    const stop = followAdbdLog(path, log, (line) => {
      echoed.push(line);
      if (echoed.length < PRINTED.length) return;
      stop();
      resolve();
    });
  });
  // Each is a writer of its own, that opens the pipe and closes it.
  for (const line of PRINTED) await writeFile(path, `${line}\n`, { flag: "a" });
  await all;
  expect(echoed).toEqual(PRINTED);
  expect(log.entries().map((entry) => formatLogLine(entry, { format: "brief" }))).toEqual([
    "E/adbd    (  155): failed to connect to socket 'vsock:1:2': could not connect",
    "I/adbd    (  155): authentication not required",
    `I/adbd    (${String(process.pid).padStart(5)}): ${PRINTED[2]}`,
  ]);
  expect(log.entries().every(({ uid }) => uid === 2000)).toBe(true);
});

test("without the pipe there is a warning, and nothing else", () => {
  const log = new LogBuffer();
  followAdbdLog(join(folder, "none"), log, () => undefined)();
  expect(log.entries().map(({ priority, message }) => `${priority} ${message}`)).toEqual([
    expect.stringMatching(/^W adbd's messages are not available: .*ENOENT/),
  ]);
});

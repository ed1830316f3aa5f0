import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCredentials } from "../cuttlefish/api/credentials.js";
import { readToken } from "../stf/api/token.js";
import { run } from "../../process/run.js";

/** Whoever reads one. */
const READERS: readonly (readonly [string, (path: string) => string | undefined])[] = [
  ["STF", (path) => readToken({ STF_TOKEN_FILE: path })],
  ["Cuttlefish", (path) => cuttlefish({ AVF_CUTTLEFISH_TOKEN_FILE: path })["authorization"]?.replace("Bearer ", "")],
  [
    "Cuttlefish's builds",
    (path) => cuttlefish({ AVF_CUTTLEFISH_BUILD_TOKEN_FILE: path })["x-cutf-host-orchestrator-buildapi-creds"],
  ],
];
const SOMEBODY = 54_321;
const { geteuid } = process;

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "avf-secret-"))));
afterEach(() => {
  if (geteuid !== undefined) process.geteuid = geteuid;
  rmSync(folder, { recursive: true });
});

function cuttlefish(environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return readCredentials({ host: "127.0.0.1", base: "http://127.0.0.1:2080/" }, environment).headers;
}

function written(mode: number, text = "s3cret\n"): string {
  const path = join(folder, "token");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

test.each(READERS)("%s: one of its user alone is read, and on Windows, which has no modes, any", (_what, read) => {
  expect(read(written(0o600))).toBe("s3cret");
  expect(() => read(written(0o666))).toThrow(/Others may read the token in .*: chmod 600 /s);
  delete process.geteuid;
  expect(read(written(0o666))).toBe("s3cret");
});

test.each(READERS)("%s: one of another user, a pipe, and one without end are refused", async (_what, read) => {
  const others = written(0o600);
  // Root's own are anybody's to trust.
  if (geteuid?.() === 0) chownSync(others, SOMEBODY, SOMEBODY);
  process.geteuid = () => SOMEBODY + 1;
  expect(() => read(others)).toThrow(/is another user's/);
  if (geteuid !== undefined) process.geteuid = geteuid;
  await run(["mkfifo", "-m", "600", join(folder, "pipe")], { timeoutMs: 10_000 });
  expect(() => read(join(folder, "pipe"))).toThrow(/which is no file/);
  rmSync(others);
  expect(() => read(written(0o600, "s".repeat(20_000)))).toThrow(/has more than \d+ bytes/);
});

import { chownSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { serverEnvironment } from "./server-home.js";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "avf-adb-home-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a usable home stays the server's", () => {
  mkdirSync(join(folder, "home"));
  expect(serverEnvironment({ HOME: join(folder, "home"), AVF_CACHE_DIR: join(folder, "cache") })).toEqual({});
});

// A file in the way refuses root as well; a folder that is read-only does not.
test.each(["home", "home/.android"])("without one that it can write to (%s), it gets one in the cache", (file) => {
  const path = join(folder, file);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, "");
  const cache = join(folder, "cache");
  expect(serverEnvironment({ HOME: join(folder, "home"), AVF_CACHE_DIR: cache })).toEqual({
    HOME: join(cache, "adb-home"),
  });
  expect((statSync(join(cache, "adb-home")).mode & 0o777).toString(8)).toBe("700");
});

const asRoot = process.getuid?.() === 0 ? test : test.skip;

asRoot("root leaves nothing in the home of somebody else, whose own adb could not read it", () => {
  const [home, cache] = [join(folder, "home"), join(folder, "cache")];
  mkdirSync(home);
  chownSync(home, 1000, 1000);
  expect(serverEnvironment({ HOME: home, AVF_CACHE_DIR: cache })).toEqual({ HOME: join(cache, "adb-home") });
});

import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { cacheFolder, openCache } from "./cache.js";
import { cacheLocation } from "./location.js";
import { inspectCache } from "./usable.js";

const isRoot = process.getuid?.() === 0;
const NOBODY = 65534;

let folder: string;
beforeEach(() => void (folder = realpathSync(mkdtempSync(join(tmpdir(), "avf-cache-")))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8);
}

/** A cache of ours with something in it. */
function makeCache(mode = 0o755): string {
  const cache = join(folder, "cache");
  for (const [path, content] of [
    ["snapshots/key/memory", "secret"],
    ["checkpoints/key/memory", "secret"],
    ["emulator/root/usr/bin/qemu", "program"],
  ] as const) {
    mkdirSync(join(cache, path, ".."), { recursive: true });
    writeFileSync(join(cache, path), content, { mode: 0o644 });
  }
  chmodSync(cache, mode);
  return cache;
}

describe("location of the cache", () => {
  const nobody = (): undefined => undefined;
  test.each<[Readonly<Record<string, string>>, string]>([
    [{ AVF_CACHE_DIR: "/a", XDG_CACHE_HOME: "/b", HOME: "/c" }, "/a"],
    [{ XDG_CACHE_HOME: "/b", HOME: "/c" }, "/b/jest-avf"],
    [{ AVF_CACHE_DIR: "", XDG_CACHE_HOME: "", HOME: "/c" }, "/c/.cache/jest-avf"],
    // "If an implementation encounters a relative path in any of these variables it should consider the path invalid and
    // ignore it": XDG Base Directory Specification.
    [{ XDG_CACHE_HOME: "b", HOME: "/c" }, "/c/.cache/jest-avf"],
  ])("%j: %s", (environment, path) => {
    expect(cacheLocation(environment, nobody)).toBe(path);
  });

  test("without HOME it is in the home folder of the account; without either an error asks for the variable", () => {
    expect(cacheLocation({ HOME: "" }, () => "/home/x")).toBe("/home/x/.cache/jest-avf");
    expect(() => cacheLocation({}, nobody)).toThrow(/HOME is not set[^]*AVF_CACHE_DIR=/);
  });

  test("a line break in its path is refused", () => {
    expect(() => cacheLocation({ AVF_CACHE_DIR: "/a\nb" })).toThrow(/"\/a\\nb" \(AVF_CACHE_DIR\).*line break/);
  });
});

describe("a cache is private to its user", () => {
  test("when it is made", () => {
    const cache = join(folder, "new/cache");
    expect(openCache({ AVF_CACHE_DIR: cache })).toBe(cache);
    expect(modeOf(cache)).toBe("700");
  });

  test("when an earlier version made it: also the memory in it, and programs stay as they are", () => {
    const cache = makeCache();
    mkdirSync(join(folder, "outside"));
    symlinkSync(join(folder, "outside"), join(cache, "snapshots/link"));
    const before = modeOf(join(folder, "outside"));
    openCache({ AVF_CACHE_DIR: cache });
    const modes = ["", "snapshots/key", "snapshots/key/memory", "checkpoints/key/memory", "emulator/root/usr/bin/qemu"];
    expect(modes.map((name) => modeOf(join(cache, name)))).toEqual(["700", "700", "600", "600", "644"]);
    expect(modeOf(join(folder, "outside"))).toBe(before);
  });
});

describe("a cache that others could have written to is refused", () => {
  const refused = (path: string, reason: RegExp, fix: RegExp): void => {
    const attempt = (): string => cacheFolder({ AVF_CACHE_DIR: path });
    expect(attempt).toThrow(reason);
    expect(attempt).toThrow(fix);
    expect(attempt).toThrow(expect.objectContaining({ code: "CACHE_UNTRUSTED", kind: "infrastructure" }));
  };

  test.each([
    [0o777, "everybody"],
    [0o757, "everybody"],
    [0o1777, "everybody"],
  ])("mode %o", (mode, who) => {
    const cache = makeCache(mode);
    const text = `Bad owner or permissions on ${cache}: mode ${mode.toString(8).padStart(4, "0")} lets ${who} write`;
    refused(cache, new RegExp(text), /Hint: chmod -R go-w \S+ if nobody else did; else remove it/);
    expect(modeOf(cache)).toBe(mode.toString(8));
  });

  test("one in a folder where others can replace it", () => {
    const cache = makeCache(0o700);
    chmodSync(folder, 0o777);
    refused(cache, new RegExp(`on ${folder}: mode 0777`), new RegExp(`Hint: chmod go-w ${folder}`));
    // As /tmp is.
    chmodSync(folder, 0o1777);
    expect(inspectCache(cache)).toBeUndefined();
  });

  test("one that a link leads to is judged by where it is", () => {
    const cache = makeCache(0o777);
    symlinkSync(cache, join(folder, "link"));
    refused(join(folder, "link"), /mode 0777/, /AVF_CACHE_DIR/);
  });

  (isRoot ? test : test.skip)("another user's, and a folder in it that is another user's", () => {
    const cache = makeCache(0o700);
    chownSync(join(cache, "emulator"), NOBODY, NOBODY);
    refused(
      cache,
      /cache\/emulator: it belongs to nobody \(uid 65534\), mode 0\d+, and this is root \(uid 0\)/,
      /AVF_CACHE_DIR=/,
    );
    chownSync(cache, NOBODY, NOBODY);
    refused(cache, /cache: it belongs to nobody \(uid 65534\)/, /AVF_CACHE_DIR=/);
    process.env["SUDO_UID"] = String(NOBODY);
    try {
      refused(cache, /it belongs to nobody/, /without sudo/);
      // Not there yet: root would make it in the user's home.
      chownSync(folder, NOBODY, NOBODY);
      refused(join(folder, "none/yet"), /it belongs to nobody/, /without sudo/);
    } finally {
      delete process.env["SUDO_UID"];
    }
  });

  test("writable by a shared group: refused; by the user's own group: accepted", () => {
    if (!isRoot) return;
    const cache = makeCache(0o770);
    chownSync(cache, 0, 12_345);
    refused(cache, /mode 0770 lets group 12345 write/, /chmod -R go-w/);
    chownSync(cache, 0, 0);
    expect(inspectCache(cache)).toBeUndefined();
  });
});

test.each<[string, (there: string) => void, RegExp]>([
  ["is a file", (there) => (mkdirSync(there), writeFileSync(join(there, "cache"), "")), /there\/cache is no folder/],
  ["would lie in a file", (there) => writeFileSync(there, ""), /there is no folder/],
  [
    "is a link that leads nowhere",
    (there) => (mkdirSync(there), symlinkSync("/nowhere/at/all", join(there, "cache"))),
    /there\/cache is a link that leads nowhere/,
  ],
])("a cache that %s is reported", (_what, make, reason) => {
  const there = join(folder, "there");
  make(there);
  const problem = inspectCache(join(there, "cache"));
  expect(problem).toMatchObject({ code: "CACHE_UNUSABLE", fix: expect.stringContaining("AVF_CACHE_DIR=") });
  expect(problem?.reason).toMatch(reason);
});

import { afterEach, describe, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCuttlefishAddress } from "./address.js";
import { readCredentials } from "./api/credentials.js";
import { isOurs, readEnvironmentConfig } from "./environment-config.js";

const parse = (text: string): object => parseCuttlefishAddress(new URL(text));

let folder: string | undefined;
afterEach(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
  folder = undefined;
});
function written(text: string, mode = 0o600): string {
  folder = mkdtempSync(join(tmpdir(), "avf-cuttlefish-"));
  writeFileSync(join(folder, "file"), text, { mode });
  return join(folder, "file");
}

test.each([
  ["cuttlefish://lab:2080/", { base: "http://lab:2080/", host: "lab", wanted: { kind: "take", powerwash: false } }],
  ["cuttlefish://lab", { orchestrator: "lab:2080", base: "http://lab:2080/" }],
  ["cuttlefish://lab/?tls=true", { base: "https://lab:2443/" }],
  ["cuttlefish://[::1]:2/?group=a", { base: "http://[::1]:2/", host: "::1", orchestrator: "[::1]:2" }],
  ["cuttlefish://my_lab/", { base: "http://my_lab:2080/", host: "my_lab" }],
  ["cuttlefish://lab/v1/hosts/a?group=cvd_1", { base: "http://lab:2080/v1/hosts/a/" }],
  [
    "cuttlefish://lab/?group=a&instance=b-1&powerwash=true",
    { wanted: { kind: "take", group: "a", instance: "b-1", powerwash: true } },
  ],
  ["cuttlefish://lab/?config=a/b.json", { wanted: { kind: "create", configFile: "a/b.json" } }],
])("%s", (text, expected) => {
  expect(parse(text)).toMatchObject(expected);
});

test.each([
  ["cuttlefish://user:secret@lab/", /has a user or password; credentials come from AVF_CUTTLEFISH_TOKEN/],
  ["cuttlefish:///", /names no host/],
  ["cuttlefish://a!b/", /a host that adb would not take/],
  ["cuttlefish://lab/?place=secret", /has the parameter "place"/],
  ["cuttlefish://lab/?group=a&group=b", /has group twice/],
  ["cuttlefish://lab/?group=../x", /a group that cvd would not take/],
  ["cuttlefish://lab/?group=a&instance=b/c", /an instance that cvd would not take/],
  ["cuttlefish://lab/?instance=b", /an instance without its group/],
  ["cuttlefish://lab/?config=a&group=b", /both config and a device that is there/],
  ["cuttlefish://lab/?config=", /names no file/],
  ["cuttlefish://lab/?tls=yes", /has tls=, which must be true or false/],
])("%s is refused", (text, problem) => {
  expect(() => parse(text)).toThrow(expect.objectContaining({ code: "LAB_ADDRESS", kind: "usage" }));
  expect(() => parse(text)).toThrow(problem);
  expect(() => parse(text)).not.toThrow(/secret@/);
});

describe("credentials", () => {
  const here = { host: "127.0.0.1", base: "http://127.0.0.1:2080/" };
  const read = (environment: NodeJS.ProcessEnv, where = here): unknown => readCredentials(where, environment).headers;

  test("come from a variable or a file", () => {
    expect(read({})).toEqual({});
    expect(read({ AVF_CUTTLEFISH_TOKEN: " abc " })).toEqual({ authorization: "Bearer abc" });
    expect(read({ AVF_CUTTLEFISH_TOKEN_FILE: written("abc\n") })).toEqual({ authorization: "Bearer abc" });
  });

  test.each([
    ["twice", { AVF_CUTTLEFISH_TOKEN: "abc", AVF_CUTTLEFISH_TOKEN_FILE: "/nowhere" }, /are both set/],
    [
      "a file that is not there",
      { AVF_CUTTLEFISH_TOKEN_FILE: "/nowhere" },
      /AVF_CUTTLEFISH_TOKEN_FILE cannot be read: .*ENOENT/,
    ],
    ["more than a word", { AVF_CUTTLEFISH_TOKEN: "abc\r\nhost: x" }, /AVF_CUTTLEFISH_TOKEN is no token\./],
  ])("%s are refused unread", (_what, environment, problem) => {
    expect(() => read(environment)).toThrow(expect.objectContaining({ code: "LAB_CREDENTIALS" }));
    expect(() => read(environment)).toThrow(problem);
    expect(() => read(environment)).not.toThrow(/abc/);
  });

  test("in a file that others can read are refused", () => {
    const environment = { AVF_CUTTLEFISH_TOKEN_FILE: written("abc", 0o644) };
    expect(() => read(environment)).toThrow(/Others may read the token in/);
  });

  test("are not sent to another host in the clear", () => {
    const environment = { AVF_CUTTLEFISH_TOKEN: "abc" };
    expect(() => read(environment, { host: "lab", base: "http://lab:2080/" })).toThrow(
      /would be sent to lab in the clear/,
    );
    expect(read(environment, { host: "lab", base: "https://lab:2443/" })).toEqual({ authorization: "Bearer abc" });
  });
});

describe("an environment config", () => {
  test("gets a new group name each time, and is otherwise unchanged", () => {
    const path = written('{"common":{"host_package":"a","group_name":"b"},"instances":[{"name":"phone"}]}');
    const [first, second] = [readEnvironmentConfig(path), readEnvironmentConfig(path)];
    expect(first.body).toEqual({
      common: { host_package: "a", group_name: first.group },
      instances: [{ name: "phone" }],
    });
    expect(isOurs(first.group)).toBe(true);
    expect(second.group).not.toBe(first.group);
    expect(isOurs("cvd_1")).toBe(false);
  });

  test.each([
    ["no JSON", "{", /cannot be read: .*JSON/],
    ["a list", "[]", /is no object with "instances"/],
    ["two devices", '{"instances":[{},{}]}', /has 2 instances, where one device is wanted/],
  ])("that is %s is refused", (_what, text, problem) => {
    const path = written(text);
    expect(() => readEnvironmentConfig(path)).toThrow(expect.objectContaining({ code: "LAB_CONFIG", kind: "usage" }));
    expect(() => readEnvironmentConfig(path)).toThrow(problem);
  });
});

import { describe, expect, test } from "@jest/globals";
import { parsePayloadConfig } from "./payload-config.js";

const task = { type: "microdroid_launcher", command: "a.so" };

describe("payload configs", () => {
  test("every allowed field", () => {
    const config = parsePayloadConfig(
      JSON.stringify({
        os: { name: "microdroid" },
        task: { ...task, args: ["arg1", "arg2"] },
        apexes: [{ name: "com.android.art" }, { name: "{CLASSPATH}" }],
        extra_apks: [{ path: "/data/local/tmp/extra.apk" }],
        prefer_staged: true,
        export_tombstones: false,
        enable_authfs: true,
        hugepages: true,
        unknown: "is ignored",
      }),
    );
    expect(config).toEqual({
      os: "microdroid",
      task: { ...task, args: ["arg1", "arg2"] },
      apexes: ["com.android.art", "{CLASSPATH}"],
      extraApks: ["/data/local/tmp/extra.apk"],
      preferStaged: true,
      exportTombstones: false,
      enableAuthfs: true,
      hugepages: true,
    });
  });

  test("defaults", () => {
    expect(parsePayloadConfig('{"task":{"command":"/bin/x"}}')).toMatchObject({
      os: "microdroid",
      task: { type: "executable", command: "/bin/x", args: [] },
      exportTombstones: undefined,
      preferStaged: false,
    });
    expect(parsePayloadConfig("{}").task).toBeUndefined();
  });

  test("Android 13 demands export_tombstones, Android 15 another OS name's absence", () => {
    expect(() => parsePayloadConfig("{}", { dialect: 13 })).toThrow(/export_tombstones/);
    const other = '{"os":{"name":"linux"},"export_tombstones":true}';
    expect(parsePayloadConfig(other, { dialect: 13 }).os).toBe("linux");
    expect(() => parsePayloadConfig(other)).toThrow(/os\.name is "linux"/);
  });

  test.each([
    ["not JSON", "{"],
    ["an array", "[]"],
    ["a task without a command", '{"task":{"type":"executable"}}'],
    ["an unknown task type", '{"task":{"type":"script","command":"x"}}'],
    ["arguments that are no strings", '{"task":{"command":"x","args":[1]}}'],
    ["a command with a NUL", '{"task":{"command":"x\\u0000"}}'],
    ["a boolean that is a string", '{"hugepages":"true"}'],
    ["an APEX without a name", '{"apexes":[{}]}'],
    ["too many APEXes", JSON.stringify({ apexes: Array.from({ length: 2000 }, () => ({ name: "a" })) })],
  ])("%s is refused", (_, json) => {
    expect(() => parsePayloadConfig(json, { name: "assets/c.json" })).toThrow(
      expect.objectContaining({ code: "BAD_PAYLOAD_CONFIG", field: expect.stringContaining("assets/c.json") }),
    );
  });

  test("a config of megabytes is refused unread", () => {
    expect(() => parsePayloadConfig(Buffer.alloc(2 << 20, " "))).toThrow(
      expect.objectContaining({ code: "LIMIT_EXCEEDED" }),
    );
  });
});

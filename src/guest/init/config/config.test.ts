import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { compileC, PARSER_SOURCES, type CProgram } from "../../testing/c-program.js";

let parsers: CProgram;
beforeAll(async () => {
  parsers = await compileC("parsers", PARSER_SOURCES);
}, 60_000);
afterAll(() => parsers.close());

const config = (value: unknown, release?: 13 | 15): Promise<readonly string[]> =>
  parsers.run(["config", String(release ?? 15)], JSON.stringify(value));

describe("vm_config.json", () => {
  test("names a library, its arguments and extra APKs", async () => {
    const value = {
      os: { name: "microdroid" },
      task: { type: "microdroid_launcher", command: "MicrodroidTestNativeLib.so", args: ["hello", "two words"] },
      apexes: [{ name: "{CLASSPATH}" }],
      extra_apks: [{ path: "/system/etc/security/fsverity/BuildManifest.apk" }],
      export_tombstones: true,
      something_newer: [1.5e3, null, { deep: [] }],
    };
    for (const release of [13, 15] as const) {
      expect(await config(value, release)).toEqual([
        "launcher MicrodroidTestNativeLib.so",
        "path /mnt/apk/lib/x86_64/MicrodroidTestNativeLib.so",
        "argument hello",
        "argument two words",
        "extra apks 1",
        "export tombstones: yes",
      ]);
    }
  });

  test("a task is an executable unless it says otherwise", async () => {
    expect(await config({ task: { command: "/system/bin/sh" } })).toEqual([
      "executable /system/bin/sh",
      "path /system/bin/sh",
      "extra apks 0",
      "export tombstones: by debug level",
    ]);
  });

  test.each([
    ["no task", { os: { name: "microdroid" } }, "No task in VM config"],
    ["a task that is null", { task: null }, "No task in VM config"],
    ["a task without command", { task: { type: "executable" } }, "`task.command` must be text"],
    ["an unknown type", { task: { type: "java", command: "x" } }, "`task.type` must be"],
    ["another system", { os: { name: "ubuntu" }, task: { command: "x" } }, "`os.name` must be `microdroid`"],
    ["arguments that are no text", { task: { command: "x", args: [1] } }, "`task.args` must hold text only"],
    ["too many arguments", { task: { command: "x", args: Array(65).fill("a") } }, "`task.args` is too long"],
    ["extra APKs without a path", { task: { command: "x" }, extra_apks: [{}] }, "`extra_apks` must be"],
    ["a flag that is text", { task: { command: "x" }, hugepages: "yes" }, "a flag that is neither"],
    ["a list", [], "not an object"],
  ])("%s is refused", async (_what, value, error) => {
    expect(await config(value)).toEqual([expect.stringContaining(`refused: ${error}`)]);
  });

  test("release 13 requires `export_tombstones`", async () => {
    const value = { task: { command: "x" } };
    expect(await config(value, 13)).toEqual(["refused: missing field `export_tombstones`"]);
    expect(await config(value, 15)).toContain("executable x");
  });

  test("a library is a plain file name", async () => {
    for (const command of ["../x.so", "/x.so", "..", "a/b.so"]) {
      const lines = await config({ task: { type: "microdroid_launcher", command } });
      expect(lines.filter((line) => line.startsWith("path "))).toEqual([]);
    }
  });
});

describe("JSON", () => {
  const command = async (text: string): Promise<string | undefined> => (await parsers.run(["config", "15"], text))[0];

  test("strings mean what JSON says they mean", async () => {
    expect(await command(String.raw`{"task":{"command":"a\u00e9\ud83d\ude00\/\t\"\\z"}}`)).toBe(
      'executable aé😀/\t"\\z',
    );
  });

  test.each([
    ["nothing", ""],
    ["a cut object", '{"task":{"command":"x"}'],
    ["a comma too many", '{"task":{"command":"x"},}'],
    ["text after the end", '{"task":{"command":"x"}} x'],
    ["an unquoted name", '{task:{"command":"x"}}'],
    ["a lone surrogate", String.raw`{"task":{"command":"\ud800x"}}`],
    ["a NUL in a string", String.raw`{"task":{"command":"a\u0000b"}}`],
    ["a raw control character", '{"task":{"command":"a\nb"}}'],
    ["an escape at the end", '{"task":{"command":"x\\'],
    ["a number with a leading zero", '{"a":01,"task":{"command":"x"}}'],
    ["a bare minus", '{"a":-,"task":{"command":"x"}}'],
    ["the same name twice", '{"task":{"command":"x","command":"y"}}'],
    ["too deep a nesting", `{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`],
    ["too many values", `{"a":[${"1,".repeat(20_000)}1]}`],
  ])("%s is refused", async (_what, text) => {
    expect(await command(text)).toMatch(/^refused: /);
  });

  test("bytes that are not UTF-8 are refused", async () => {
    const text = Buffer.from([...Buffer.from('{"task":{"command":"'), 0xc0, 0xaf, ...Buffer.from('"}}')]);
    expect(await parsers.run(["config", "15"], text)).toEqual(["refused: a string that is not UTF-8"]);
  });

  test("no prefix of a sound text crashes the reader or passes for one", async () => {
    const text = String.raw`{"task":{"command":"a\u00e9"},"x":[-1.5e+3,true,null]}`;
    for (let size = 0; size < text.length; size += 3) {
      expect(await command(text.slice(0, size))).toMatch(/^refused: /);
    }
  }, 30_000);
});

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { compileC, PARSER_SOURCES, type CProgram } from "../../testing/c-program.js";

let parsers: CProgram;
beforeAll(async () => {
  parsers = await compileC("parsers", PARSER_SOURCES);
}, 60_000);
afterAll(() => parsers.close());

const sound = ["version=1", "name=vm1", "release=15", "config_path=assets/vm_config.json", "apk_size=42443"];
const read = (...lines: string[]): Promise<readonly string[]> =>
  parsers.run(["metadata"], `${lines.join("\n")}\n\0\0\0`);

describe("the metadata disk", () => {
  test("carries the payload's place and sizes", async () => {
    const more = ["idsig_size=999", "extra_apk_count=1", "extra_apk_0_size=7", "extra_idsig_0_size=8", "newer_key=x"];
    expect(await read(...sound, ...more, `entropy=${"00ff".repeat(16)}`)).toEqual([
      "name vm1",
      "release 15",
      "config assets/vm_config.json",
      "binary ",
      "apk 42443",
      "idsig 999",
      "extra 7 8",
      "entropy 00..ff",
    ]);
  });

  test.each([
    ["version=2", "a version other than 1"],
    ["apk_size=12x", "bad value of apk_size"],
    ["apk_size=-1", "bad value of apk_size"],
    ["apk_size=99999999999999999999", "bad value of apk_size"],
    ["release=", "bad value of release"],
    ["entropy=0g", "bad value of entropy"],
    [`entropy=${"0x".repeat(32)}`, "bad value of entropy"],
    ["device_secret=00", "bad value of device_secret"],
    ["instance_id=0", "bad value of instance_id"],
    [`instance_id=${"00".repeat(65)}`, "bad value of instance_id"],
    ["extra_apk_count=17", "bad value of extra_apk_count"],
    ["extra_apk_16_size=1", "bad value of extra_apk_16_size"],
    ["extra_apk_-1_size=1", "bad value of extra_apk_-1_size"],
    [`name=${"n".repeat(200)}`, "bad value of name"],
    ["no sign of equality", "a line without `=`"],
    ["payload_binary_name=x.so", "needs either config_path or payload_binary_name"],
  ])("%s is refused", async (line, error) => {
    expect(await read(...sound, line)).toEqual([`refused: ${error}`]);
  });

  test("an empty disk, or one without a size, is refused", async () => {
    expect(await read()).toEqual(["refused: no version"]);
    expect(await read(...sound.slice(0, 4))).toEqual(["refused: no apk_size"]);
  });
});

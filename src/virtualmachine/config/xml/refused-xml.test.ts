import { describe, expect, test } from "@jest/globals";
import { readConfigXml } from "./config-xml.js";
import { EVERYTHING, SMALLEST } from "../../testing/config-xml-15.js";
import { outcomeOf } from "../../testing/outcome.js";
import type { ServiceCapabilities } from "../../../virtualizationservice/contract.js";

const bytes = (text: string): Buffer => Buffer.from(text);
const INVALID = "CONFIG_INVALID: Persisted VM config is invalid";
const UNREADABLE = "CONFIG_UNREADABLE: Failed to read VM config from file";

describe("what is refused", () => {
  const nested = (depth: number): string => {
    return `${'<pbundle_as_map name="a">'.repeat(depth)}${"</pbundle_as_map>".repeat(depth)}`;
  };
  const without = (key: string): string => SMALLEST.replace(new RegExp(`.*name="${key}".*\\n`), "");
  test.each([
    ["a version from the future", SMALLEST.replace('version" value="9"', 'version" value="10"'), INVALID],
    ["no OS", without("os"), INVALID],
    ["no package and no APK", without("packageName"), INVALID],
    ["no payload", without("payloadConfigPath"), INVALID],
    ["a debug level that does not exist", SMALLEST.replace('debugLevel" value="0"', 'debugLevel" value="7"'), INVALID],
    [
      "a combination that build() refuses",
      SMALLEST.replace('Captured" value="false"', 'Captured" value="true"'),
      INVALID,
    ],
    ["a first API's file without idsig", '<bundle>\n<int name="version" value="1" />\n</bundle>\n', INVALID],
    [
      "memory beyond counting",
      SMALLEST.replace("</bundle>", '<long name="memoryBytes" value="9007199254740993" /></bundle>'),
      INVALID,
    ],
    ["an empty file", "", INVALID],
    ["another root, without entries", "<map>\n</map>\n", INVALID],
    ["a byte order mark alone", "\ufeff", INVALID],
    ["two byte order marks", `\ufeff\ufeff${SMALLEST}`, UNREADABLE],
    ["a root without its end", "<bundle>", INVALID],
    ["text in a root without its end", "<bundle>text &amp;", INVALID],
    ["such a root with an entry", '<bundle><int name="version" value="9" />', UNREADABLE],
    ["such a root and half a tag", "<bundle><", UNREADABLE],
    ["such a root at the very end, of less than four characters", " <x>", UNREADABLE],
    ["an end too early", SMALLEST.slice(0, 300), UNREADABLE],
    ["an element that is none of a bundle", SMALLEST.replace("<null", "<byte"), UNREADABLE],
    ["a number that is none", SMALLEST.replace('value="9"', 'value="nine"'), UNREADABLE],
    ["a number that does not fit", SMALLEST.replace('value="9"', 'value="4294967296"'), UNREADABLE],
    ["an array of another length", EVERYTHING.replace('num="2"', 'num="3"'), INVALID],
    ["an array of fewer than none", EVERYTHING.replace('num="2"', 'num="-1"'), UNREADABLE],
    ["an array of another kind of number", EVERYTHING.replace('num="2"', 'num="x"'), UNREADABLE],
    ["a boolean that is none", SMALLEST.replace('Vm" value="true"', 'Vm" value="yes"'), UNREADABLE],
    ["a boolean with a space", SMALLEST.replace('Vm" value="true"', 'Vm" value=" true"'), UNREADABLE],
    ["text in a number", SMALLEST.replace('value="9" />', 'value="9">x</int>'), UNREADABLE],
    ["an element in a number", SMALLEST.replace('value="9" />', 'value="9"><a/></int>'), UNREADABLE],
    [
      "a bad number in an entry that nobody knows",
      SMALLEST.replace("<null", '<double name="x" value="1e" />\n<null'),
      UNREADABLE,
    ],
    [
      "a bad item there",
      SMALLEST.replace("<null", '<int-array name="x" num="1"><item value="" /></int-array><null'),
      UNREADABLE,
    ],
    ["]]> in a string", SMALLEST.replace("com.example", "a]]>b"), UNREADABLE],
    ["< in an attribute", SMALLEST.replace('"packageName"', '"<packageName"'), UNREADABLE],
    ["-- in a comment", SMALLEST.replace("<null", "<!-- a--b --><null"), UNREADABLE],
    [
      "a display without a size",
      SMALLEST.replace(
        "<null",
        '<pbundle_as_map name="customImageConfig"><pbundle_as_map name="display_config" /></pbundle_as_map><null',
      ),
      INVALID,
    ],
    ["a huge file", SMALLEST + " ".repeat(300_000), UNREADABLE],
    ["a bundle within a bundle within…", SMALLEST.replace("<int", `${nested(12)}<int`), UNREADABLE],
    ["far too many of them", SMALLEST.replace("<int", `${nested(4000)}<int`), UNREADABLE],
    ["a document type, even one that nobody uses", `<!DOCTYPE bundle>\n${SMALLEST}`, UNREADABLE],
    ["an attribute twice", SMALLEST.replace("<string name=", '<string name="a" name='), UNREADABLE],
    ["a control character that is not a reference", SMALLEST.replace("com.example", "com\u0001example"), UNREADABLE],
    ["an unknown entity", SMALLEST.replace("com.example", "&unknown;"), UNREADABLE],
    [
      "an entity of its own",
      `<!DOCTYPE bundle [<!ENTITY a "b">]>\n${SMALLEST.replace("com.example", "&a;")}`,
      UNREADABLE,
    ],
    [
      "a file of somebody else",
      `<!DOCTYPE bundle [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n${SMALLEST.replace("com.example", "&a;")}`,
      UNREADABLE,
    ],
  ])("%s", async (_what, xml, failure) => {
    expect(await outcomeOf(() => readConfigXml(bytes(xml)))).toBe(failure);
  });

  test("bytes that are not UTF-8", async () => {
    expect(await outcomeOf(() => readConfigXml(Buffer.from([0xff, 0xfe, 0x3c])))).toBe(UNREADABLE);
  });

  test("a VM of a kind that this device lacks keeps its own error", async () => {
    const capabilities = { protectedVm: false, nonProtectedVm: true } as ServiceCapabilities;
    expect(await outcomeOf(() => readConfigXml(bytes(SMALLEST), capabilities))).toMatch(/^UNSUPPORTED_OPERATION: /);
  });
});

test.each(["ISO-8859-1", "US-ASCII", "UTF-16", "nothing-known"])(
  "is UTF-8 where it says %s, as in Android",
  (encoding) => {
    const xml = `<?xml version="1.0" encoding="${encoding}"?>${SMALLEST.replace("com.example", "com.exämple")}`;
    expect(readConfigXml(bytes(xml)).config.fields.packageName).toBe("com.exämple");
  },
);

test.each([
  ["a negative version", SMALLEST.replace('version" value="9"', 'version" value="-1"')],
  ["text between the elements", SMALLEST.replace("<int", "x<int")],
  ["what follows the root", `${SMALLEST}${SMALLEST}<`],
  ["another root", SMALLEST.replaceAll("bundle>", "map>")],
  ["an entry without a name", SMALLEST.replace("<int", '<int value="1" /><int')],
  ["an entry of a type that no bundle keeps", SMALLEST.replace("<int", '<float name="x" value="1" /><int')],
])("%s is ignored, as on Android", (_what, xml) => {
  expect(readConfigXml(bytes(xml)).config.fields).toEqual(readConfigXml(bytes(SMALLEST)).config.fields);
});

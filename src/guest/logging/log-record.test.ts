import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { compileC, PARSER_SOURCES, type CProgram } from "../testing/c-program.js";

let parsers: CProgram;
beforeAll(async () => {
  parsers = await compileC("parsers", PARSER_SOURCES);
}, 60_000);
afterAll(() => parsers.close());

/** As liblog sends it (AOSP private/android_logger.h): buffer, thread, time, then priority, tag, message. */
function datagram(fields: {
  buffer?: number;
  priority?: number;
  tag?: string;
  message?: string;
  end?: string;
}): Buffer {
  const { buffer = 0, priority = 4, tag = "Tag", message = "a message", end = "\0" } = fields;
  const header = Buffer.alloc(11);
  header.writeUInt8(buffer, 0);
  header.writeUInt16LE(43, 1);
  header.writeUInt32LE(1_735_689_600, 3);
  header.writeUInt32LE(7_999_999, 7);
  return Buffer.concat([header, Buffer.from([priority]), Buffer.from(`${tag}\0${message}${end}`)]);
}
const shown = (bytes: Uint8Array): Promise<readonly string[]> => parsers.run(["log"], bytes);

describe("a datagram for the log", () => {
  test("is shown as logcat -v threadtime shows it, line by line", async () => {
    expect(await shown(datagram({}))).toEqual(["01-01 00:00:00.007    42    43 I Tag     : a message"]);
    expect(await shown(datagram({ tag: "A longer tag", priority: 7, message: "one\n\ntwo\n" }))).toEqual([
      "01-01 00:00:00.007    42    43 F A longer tag: one",
      "01-01 00:00:00.007    42    43 F A longer tag: ",
      "01-01 00:00:00.007    42    43 F A longer tag: two",
    ]);
  });

  test("ends where it ends, with or without its NULs", async () => {
    const expected = ["01-01 00:00:00.007    42    43 I Tag     : a message"];
    expect(await shown(datagram({ end: "" }))).toEqual(expected);
    expect(await shown(datagram({ end: "\0behind it" }))).toEqual(expected);
    const tagOnly = datagram({}).subarray(0, 11 + 1 + 3);
    expect(await shown(tagOnly)).toEqual(["01-01 00:00:00.007    42    43 I Tag     :"]);
  });

  test("makes one line of a tag that has several, and knows no other priorities than Android's", async () => {
    expect(await shown(datagram({ tag: "Tag\n01-01 x", priority: 99 }))).toEqual([
      "01-01 00:00:00.007    42    43 ? Tag 01-01 x: a message",
    ]);
  });

  test.each([
    ["nothing", Buffer.alloc(0)],
    ["a header alone", datagram({}).subarray(0, 11)],
    ["more than Android takes", datagram({ message: "x".repeat(5000) })],
    ["a buffer that is none", datagram({ buffer: 8 })],
    ["the kernel's buffer", datagram({ buffer: 7 })],
  ])("%s is refused", async (_what, bytes) => {
    expect(await shown(bytes)).toEqual(["refused: no record"]);
  });
});

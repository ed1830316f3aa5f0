import { describe, expect, test } from "@jest/globals";
import { decodeClientFrame, encodeExit, encodeOpen, encodeOutput, FrameReader, WireError } from "./wire.js";

function frame(type: string, payload: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeUInt32LE(payload.length, 1);
  return Buffer.concat([head, payload]);
}

const strings = (...parts: readonly string[]): Buffer => Buffer.from(parts.map((part) => `${part}\0`).join(""));
const header = frame("H", strings("2", "/data/local/tmp", "vm", "run-app", "", "ä b"));

describe("frames of a client", () => {
  test("a header keeps empty arguments and any text", () => {
    expect(new FrameReader(decodeClientFrame).push(header)).toEqual([
      {
        kind: "header",
        header: { cwd: "/data/local/tmp", argv: ["vm", "run-app", "", "ä b"] },
      },
    ]);
  });

  test("frames are found however the bytes are cut", () => {
    const answer = Buffer.alloc(4);
    answer.writeInt32LE(-13);
    const bytes = Buffer.concat([
      header,
      frame("I", Buffer.from("text")),
      frame("I", Buffer.alloc(0)),
      frame("F", answer),
    ]);
    const reader = new FrameReader(decodeClientFrame);
    const frames = [...bytes].flatMap((byte) => reader.push(Buffer.from([byte])));
    expect(frames.map(({ kind }) => kind)).toEqual(["header", "input", "input", "opened"]);
    expect(frames[1]).toEqual({ kind: "input", bytes: Buffer.from("text") });
    expect(frames[3]).toEqual({ kind: "opened", result: -13 });
  });

  test.each([
    ["an unknown type", frame("?", Buffer.alloc(0))],
    ["a header of another version", frame("H", strings("1", "/", "vm"))],
    ["a header without a program", frame("H", strings("2", "/"))],
    ["a header that does not end", frame("H", Buffer.concat([strings("2", "/"), Buffer.from("vm")]))],
    ["a process id that is none", frame("H", strings("1", "/", "x", "2", "3", "vm"))],
    ["a frame beyond the limit", Buffer.from([0x49, 0xff, 0xff, 0xff, 0x7f])],
    ["an answer of the wrong size", frame("F", Buffer.alloc(3))],
  ])("%s is refused", (_name, bytes) => {
    expect(() => new FrameReader(decodeClientFrame).push(bytes)).toThrow(WireError);
  });
});

describe("frames for a client", () => {
  test("long output is cut into pieces that together are the output", () => {
    const output = Buffer.alloc(150_000, "x");
    const frames = encodeOutput("stderr", output);
    const heads = frames.filter((_, index) => index % 2 === 0);
    const payloads = frames.filter((_, index) => index % 2 === 1);
    expect(heads.every((head) => head[0] === "E".charCodeAt(0))).toBe(true);
    expect(heads.map((head) => head.readUInt32LE(1))).toEqual(payloads.map(({ length }) => length));
    expect(Buffer.concat(payloads).equals(output)).toBe(true);
    expect(payloads.length).toBeGreaterThan(1);
  });

  test("numbers are little-endian and signed", () => {
    expect(Buffer.concat([...encodeExit(-1)])).toEqual(Buffer.from([0x58, 4, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]));
    expect(Buffer.concat([...encodeOpen("/a", 2, 0o600)])).toEqual(
      Buffer.from([0x50, 10, 0, 0, 0, 2, 0, 0, 0, 0x80, 1, 0, 0, 0x2f, 0x61]),
    );
  });
});

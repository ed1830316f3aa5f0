import { describe, expect, test } from "@jest/globals";
import { LineSplitter } from "./lines.js";

function split(chunks: readonly (string | Buffer)[], maxLineBytes?: number): readonly (string | undefined)[][] {
  const lines: (string | undefined)[][] = [];
  const splitter = new LineSplitter(
    (line, piece) => lines.push(piece === undefined ? [line] : [line, piece]),
    maxLineBytes,
  );
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return lines;
}

describe("line ends", () => {
  // What a terminal that gets these bytes shows: a carriage return before a line feed changes nothing.
  test.each([
    ["one\ntwo\n", ["one", "two"]],
    ["one\r\ntwo\r\n", ["one", "two"]],
    ["one\r\r\ntwo\r\r\r\n", ["one", "two"]],
    ["\r\n\n\r\r\nlast\r", ["", "", "", "last"]],
    ["10%\r20%\r\n", ["10%\r20%"]],
  ])("%j", (text, lines) => {
    expect(split([text]).flat()).toEqual(lines);
    expect(split([...text]).flat()).toEqual(lines);
  });

  test("an unfinished line is shown without them, and kept with them", () => {
    const splitter = new LineSplitter(() => undefined);
    splitter.push(Buffer.from("login: \r"));
    expect(splitter.pending).toBe("login: ");
    expect(String(splitter.pendingBytes)).toBe("login: \r");
  });
});

describe("a line that is too long", () => {
  test("comes in pieces that say so", () => {
    const pieces = [["aaaa", "first"], ["bbbb", "middle"], ["c", "last"], ["d"]];
    expect(split(["aaaabbbbc\nd\n"], 4)).toEqual(pieces);
    expect(split([..."aaaabbbbc\nd\n"], 4)).toEqual(pieces);
  });

  test("is whole up to the limit", () => {
    expect(split(["aaaa\nbbbb\r\n"], 5)).toEqual([["aaaa"], ["bbbb"]]);
    expect(split(["aaaa"], 4)).toEqual([["aaaa"]]);
  });

  test("is not cut within a character, if it is text", () => {
    expect(split(["ab微机\n"], 4)).toEqual([
      ["ab", "first"],
      ["微", "middle"],
      ["机", "last"],
    ]);
    const bytes = split([Buffer.alloc(10, 0x80)], 4);
    expect(bytes.map(([, piece]) => piece)).toEqual(["first", "middle", "last"]);
  });

  test("continues where it stopped", () => {
    const pieces: unknown[] = [];
    const first = new LineSplitter((...piece) => pieces.push(piece), 4);
    first.push(Buffer.from("aaaabb"));
    const second = new LineSplitter((...piece) => pieces.push(piece), 4);
    second.continueFrom(first.pendingBytes, first.pendingPiece);
    second.push(Buffer.from("c\n"));
    expect(pieces).toEqual([
      ["aaaa", "first"],
      ["bbc", "last"],
    ]);
  });

  test("of a gigabyte takes little time and memory", () => {
    let bytes = 0;
    const splitter = new LineSplitter((line) => (bytes += line.length));
    const chunk = Buffer.alloc(1 << 20, "x");
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 1024; count++) splitter.push(chunk);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(128 << 20);
    splitter.end();
    expect(bytes).toBe(1 << 30);
  });
});

import { beforeEach, describe, expect, test } from "@jest/globals";
import type { Circus } from "@jest/types";
import { blocksAround, SuiteTree } from "./suite-tree.js";

let tree: SuiteTree;
const file = blockIn(undefined, "ROOT_DESCRIBE_BLOCK");
beforeEach(() => {
  tree = new SuiteTree();
});

/** As Jest has them; it announces all but the file's. */
function blockIn(parent: Circus.DescribeBlock | undefined, name: string): Circus.DescribeBlock {
  return { type: "describeBlock", name, parent } as Circus.DescribeBlock;
}

function testIn(parent: Circus.DescribeBlock): Circus.TestEntry {
  return { type: "test", name: "test", parent } as Circus.TestEntry;
}

function define(block: Circus.DescribeBlock, work: () => void): void {
  tree.describeStarted(block);
  work();
  tree.describeFinished();
}

describe("values of blocks", () => {
  const [outer, other] = [blockIn(file, "outer"), blockIn(file, "other")];
  const inner = blockIn(outer, "inner");

  test("hold for the tests of their block and of those within it, the file's first", () => {
    const values = tree.values<string>();
    values.update(() => "of the file");
    define(outer, () => {
      values.update(() => "outer");
      define(inner, () => values.update(() => "inner"));
    });
    expect(values.around(testIn(inner))).toEqual(["of the file", "outer", "inner"]);
    expect(values.around(testIn(outer))).toEqual(["of the file", "outer"]);
    expect(values.around(testIn(other))).toEqual(["of the file"]);
    expect(values.around(testIn(file))).toEqual(["of the file"]);
  });

  test("apply in their own block, not before and not beside it", () => {
    const values = tree.values<number>();
    const seen: (readonly number[])[] = [values.here()];
    define(outer, () => {
      values.update(() => 1);
      define(inner, () => {
        values.update(() => 2);
        seen.push(values.here());
      });
      seen.push(values.here());
    });
    define(other, () => void seen.push(values.here()));
    expect(seen).toEqual([[], [1, 2], [1], []]);
  });

  test("can be added to, also after a block within", () => {
    const values = tree.values<readonly string[]>();
    const add = (text: string): void => values.update((before = []) => [...before, text]);
    define(outer, () => {
      add("a");
      define(inner, () => add("b"));
      add("c");
    });
    expect(values.around(testIn(inner))).toEqual([["a", "c"], ["b"]]);
  });

  test("undefined is a value as well", () => {
    const values = tree.values<string | undefined>();
    values.update(() => "of the file");
    define(outer, () => values.update(() => undefined));
    expect(values.around(testIn(inner))).toEqual(["of the file", undefined]);
  });

  test("of one kind are not seen by another", () => {
    const [texts, numbers] = [tree.values<string>(), tree.values<number>()];
    define(outer, () => {
      texts.update(() => "a");
      define(inner, () => numbers.update(() => 1));
    });
    expect([texts.around(testIn(inner)), numbers.around(testIn(inner))]).toEqual([["a"], [1]]);
  });

  test("go to the file when more blocks end than have started", () => {
    const values = tree.values<string>();
    define(outer, () => undefined);
    tree.describeFinished();
    values.update(() => "of the file");
    expect(values.around(testIn(other))).toEqual(["of the file"]);
  });
});

test("the blocks around a test begin with the file", () => {
  const outer = blockIn(file, "outer");
  const inner = blockIn(outer, "inner");
  expect(blocksAround(testIn(inner)).map(({ name }) => name)).toEqual(["ROOT_DESCRIBE_BLOCK", "outer", "inner"]);
  expect(blocksAround(testIn(file))).toEqual([file]);
});

/** The blocks of a file, and what each call in them set up for the tests of its block and of the blocks within it. */
import type { Circus } from "@jest/types";

/** Stands for the file, which Jest does not announce as a block. */
const FILE = {};

export class SuiteTree {
  /** Blocks being defined, outermost first. */
  readonly #open: object[] = [FILE];

  describeStarted(block: Circus.DescribeBlock): void {
    this.#open.push(block);
  }

  describeFinished(): void {
    if (this.#open.length > 1) this.#open.pop();
  }

  /** Values of one kind, at most one a block. */
  values<T>(): BlockValues<T> {
    return new BlockValues<T>(() => this.#open);
  }
}

/** Values of blocks; what is returned in a list is ordered from the file to the innermost block. */
export class BlockValues<T> {
  readonly #values = new Map<object, T>();

  constructor(private readonly open: () => readonly object[]) {}

  /** Of the block that is being defined; `change` gets the value it had. */
  update(change: (before: T | undefined) => T): void {
    const block = this.open().at(-1) ?? FILE;
    this.#values.set(block, change(this.#values.get(block)));
  }

  /** Of the blocks that are being defined. */
  here(): readonly T[] {
    return this.#of(this.open());
  }

  /** Of the blocks around a test. */
  around(test: Circus.TestEntry): readonly T[] {
    return this.#of(blocksAround(test).map((block) => (block.parent === undefined ? FILE : block)));
  }

  #of(blocks: readonly object[]): readonly T[] {
    return blocks.flatMap((block) => (this.#values.has(block) ? [this.#values.get(block) as T] : []));
  }
}

/** Jest's outermost block, which is the file, comes first. */
export function blocksAround({ parent }: Circus.TestEntry): readonly [Circus.DescribeBlock, ...Circus.DescribeBlock[]] {
  let blocks: [Circus.DescribeBlock, ...Circus.DescribeBlock[]] = [parent];
  while (blocks[0].parent !== undefined) blocks = [blocks[0].parent, ...blocks];
  return blocks;
}

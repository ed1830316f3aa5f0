/** Which checkpoint each test starts from: `test.use({ from })` of the nearest block around it. */
import type { Circus } from "@jest/types";
import { UsageError } from "../../base/errors.js";
import { isPlan, type CheckpointPlan } from "./plan.js";

/** Stands for the file, outside of all blocks. */
const FILE = {};

export class FromScopes {
  readonly #stack: object[] = [FILE];
  readonly #from = new Map<object, CheckpointPlan | undefined>();

  describeStarted(block: Circus.DescribeBlock): void {
    this.#stack.push(block);
  }

  describeFinished(): void {
    if (this.#stack.length > 1) this.#stack.pop();
  }

  /** Of the block that is being defined. */
  use(overrides: Readonly<Record<string, unknown>>): void {
    if (!("from" in overrides)) return;
    const { from } = overrides;
    if (from !== undefined && !isPlan(from)) {
      throw new UsageError("BAD_FROM", "test.use({ from }) takes what checkpoint(name, setUp) returns.", {
        hint: "what device.checkpoint(name) returns is known only while tests run: hand it to device.restore()",
      });
    }
    this.#from.set(this.#stack.at(-1) ?? FILE, from);
  }

  of({ parent }: Circus.TestEntry): CheckpointPlan | undefined {
    for (let block: Circus.DescribeBlock | undefined = parent; block !== undefined; block = block.parent) {
      const key = block.parent === undefined ? FILE : block;
      if (this.#from.has(key)) return this.#from.get(key);
    }
    return undefined;
  }

  /** Whether a test within `block` that has not run yet starts from no checkpoint. */
  hasPlainTests(block: Circus.DescribeBlock): boolean {
    return block.children.some((child) =>
      child.type === "describeBlock" ? this.hasPlainTests(child) : isToRun(child) && this.of(child) === undefined,
    );
  }
}

function isToRun({ status, mode }: Circus.TestEntry): boolean {
  return !status && mode !== "skip" && mode !== "todo";
}

export function rootOf({ parent }: Circus.TestEntry): Circus.DescribeBlock {
  let block = parent;
  while (block.parent !== undefined) block = block.parent;
  return block;
}

/** Which checkpoint each test starts from: `test.use({ from })` of the nearest block around it. */
import type { Circus } from "@jest/types";
import { UsageError } from "../../base/errors.js";
import type { BlockValues, SuiteTree } from "../plan/suite-tree.js";
import { isPlan, type CheckpointPlan } from "./plan.js";

export class FromScopes {
  /** Undefined where a block says that its tests start from none. */
  readonly #from: BlockValues<CheckpointPlan | undefined>;

  constructor(tree: SuiteTree) {
    this.#from = tree.values();
  }

  /** Of the block that is being defined. */
  use(from: unknown): void {
    if (from !== undefined && !isPlan(from)) {
      throw new UsageError("BAD_FROM", "test.use({ from }) takes what checkpoint(name, setUp) returns.", {
        hint: "what device.checkpoint(name) returns is known only while tests run: hand it to device.restore()",
      });
    }
    this.#from.update(() => from);
  }

  of(test: Circus.TestEntry): CheckpointPlan | undefined {
    return this.#from.around(test).at(-1);
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

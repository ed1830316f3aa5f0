/**
 * Environment of this repository's unit tests: Node's own, plus execa from the outer realm. execa is an ES module, which
 * Jest's sandbox cannot load on Node 20 and 22, while Node's own `require` can.
 */
import * as execa from "execa";
import { TestEnvironment } from "jest-environment-node";

const OUTER_EXECA = Symbol.for("jest-avf.unit.execa");

export default class UnitEnvironment extends TestEnvironment {
  override async setup(): Promise<void> {
    await super.setup();
    (this.global as unknown as Record<symbol, unknown>)[OUTER_EXECA] = execa;
  }
}

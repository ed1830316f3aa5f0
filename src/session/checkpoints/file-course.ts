/** The course of one test file: what `DeviceCourse` needs of the harness, the file and Jest. */
import { createHash } from "node:crypto";
import type { Circus } from "@jest/types";
import type { RunRecord } from "../../artifacts/run-record.js";
import { decorate } from "../../base/decorate.js";
import { withDeadline } from "../../base/deadline.js";
import { UsageError } from "../../base/errors.js";
import { printable } from "../../base/printable.js";
import { checkFixtures, FixtureScope, type FixtureSet } from "../../fixture-engine/engine.js";
import { parameterNames } from "../../fixture-engine/parameter-names.js";
import type { DeclaredCheckpoint, TestDevice } from "../../fixture-engine/stages.js";
import { removeVms, type LedgerEntry, type VmLedger } from "../evidence/vm-ledger.js";
import type { Harness } from "../../lab/harness.js";
import type { Checkpoint } from "../../lab/timeline.js";
import type { FileDevice } from "../file-device.js";
import type { EnvironmentOptions } from "../options.js";
import { runInContext } from "../calls/test-context.js";
import type { SuiteTree } from "../plan/suite-tree.js";
import { DeviceCourse, type Policy } from "./course.js";
import { FromScopes } from "./from-scopes.js";
import { isPlan, isSaved, type CheckpointPlan } from "./plan.js";
import { suiteKey } from "./suite-key.js";

interface FileCourseOptions {
  readonly tree: SuiteTree;
  readonly device: FileDevice;
  readonly environment: EnvironmentOptions;
  readonly rootDir: string;
  readonly file: string;
  readonly ledger: VmLedger;
  readonly record: RunRecord;
  readonly baseFixtures: () => FixtureSet;
  readonly setUpTimeoutMs: number;
}

/** A device of the file; there is another one when the first went away. */
interface Opened {
  readonly harness: Harness;
  readonly course: DeviceCourse;
  readonly device: TestDevice;
}

const UNDO_TIMEOUT_MS = 30_000;

export class FileCourse {
  readonly scopes: FromScopes;
  readonly #plans = new Set<string>();
  #opened: Opened | undefined;
  #suiteKey: Promise<string> | undefined;
  /** What the steps of the latest plan made, for a device without checkpoints. */
  #made: readonly LedgerEntry[] = [];

  constructor(private readonly options: FileCourseOptions) {
    this.scopes = new FromScopes(options.tree);
  }

  declare(name: string, setUp: (fixtures: never) => unknown): DeclaredCheckpoint {
    const what = `checkpoint "${name}"`;
    if (typeof name !== "string" || typeof setUp !== "function") {
      throw new UsageError("BAD_CHECKPOINT", "checkpoint() takes a name and a function that leads there.");
    }
    if (this.#plans.has(name)) throw new UsageError("CHECKPOINT_TWICE", `This file declares ${what} twice.`);
    this.#plans.add(name);
    const names = parameterNames(setUp, what);
    checkFixtures(this.options.baseFixtures(), names, what);
    const plan: CheckpointPlan = { name, names, setUp };
    return plan;
  }

  /** The device as tests have it. */
  deviceOf(harness: Harness): TestDevice {
    return this.#of(harness).device;
  }

  /** Hooks of the block follow, then its tests. */
  async blockStarts(block: Circus.DescribeBlock): Promise<void> {
    await this.#opened?.course.blockStarts(block);
  }

  blockEnds(block: Circus.DescribeBlock): void {
    this.#opened?.course.blockEnds(block);
  }

  beforeAllRan(block: Circus.DescribeBlock): void {
    const { opened } = this.options.device;
    if (opened) this.#of(opened).course.beforeAllRan(block);
  }

  /**
   * Puts the device where the test starts from; the test's hooks follow. A test that needs no device leaves it alone.
   * True: what the test leaves there goes by itself, for the device is put back after it.
   */
  async testStarts(test: Circus.TestEntry, needsDevice: boolean, policy: Policy | undefined): Promise<boolean> {
    const { device, ledger } = this.options;
    const starts = this.scopes.of(test) !== undefined;
    if (!starts && !needsDevice && device.opened === undefined) return false;
    // What asks for the device reports that there is none.
    const harness = await device.open().catch((error: unknown) => {
      if (starts) throw error;
    });
    if (!harness) return false;
    // What leads there is the file's, not the test's that happens to need it first.
    ledger.closeTest();
    try {
      return await this.#of(harness).course.testStarts(test, policy);
    } finally {
      ledger.openTest();
    }
  }

  /** The file is over. True: nothing of it will be left on the device. */
  async leave(): Promise<boolean> {
    const harness = this.options.device.opened;
    const { isolation, repeat } = this.options.environment;
    if (harness?.timeline === undefined || harness.device.gone.aborted) return false;
    await harness.timeline.forget();
    if (isolation !== "worker" || repeat) await harness.timeline.leave();
    else if (this.#of(harness).course.hasLeftHome) await harness.timeline.restart();
    else return false;
    return true;
  }

  #of(harness: Harness): Opened {
    if (this.#opened?.harness === harness) return this.#opened;
    const { record, environment } = this.options;
    const { isolation, policy, repeat } = environment;
    const course = new DeviceCourse({
      timeline: harness.timeline,
      // Each test twice proves something only if both start from the same.
      ...{ isolation: repeat ? "test" : isolation, policy, scopes: this.scopes, record },
      keyOf: (plan) => this.#keyOf(harness, plan),
      setUp: (plan) => this.#setUp(plan),
      undo: () => this.#undo(),
      say: (text) => void process.stderr.write(printable(`avf: ${text}\n`)),
    });
    const restore = async (point: unknown): Promise<void> => {
      if (!isPlan(point) && !isSaved(point)) {
        throw new UsageError("BAD_CHECKPOINT", "device.restore() takes a checkpoint, declared or saved.");
      }
      await course.restore(point);
      // What is there now is no leak of this test.
      await harness.leakCheck.begin();
    };
    const checkpoint = (name: string): Promise<Checkpoint> => course.save(name);
    const device: TestDevice = decorate(harness.device, {}, { adds: { checkpoint, restore } });
    this.#made = [];
    this.#opened = { harness, course, device };
    return this.#opened;
  }

  async #keyOf({ timeline }: Harness, { name, setUp }: CheckpointPlan): Promise<string> {
    const { environment, rootDir, file } = this.options;
    this.#suiteKey ??= suiteKey({ rootDir, file, apks: environment.apks, androidTest: environment.androidTest });
    const parts = [timeline?.key ?? "", await this.#suiteKey, name, setUp.toString()];
    return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
  }

  async #setUp({ name, names, setUp }: CheckpointPlan): Promise<void> {
    const { ledger, baseFixtures, setUpTimeoutMs } = this.options;
    const before = new Set(ledger.entries());
    const scope = new FixtureScope(baseFixtures());
    const errors: unknown[] = [];
    try {
      // Its steps are the suite's own; what waits for the lab in them has a deadline of its own.
      const limit = { timeoutMs: setUpTimeoutMs, kind: "expectation" } as const;
      await withDeadline(`checkpoint "${name}" to be reached`, limit, (signal) =>
        runInContext({ signal, begin: () => () => undefined }, async () => {
          const call = setUp as (fixtures: unknown) => unknown;
          await call(await scope.resolve(names));
        }),
      );
    } catch (error) {
      errors.push(error);
    }
    errors.push(...(await scope.tearDown()));
    this.#made = ledger.entries().filter((entry) => !before.has(entry));
    if (errors.length > 0) throw errors[0] as Error;
  }

  async #undo(): Promise<void> {
    const made = this.#made;
    this.#made = [];
    const [error] = await removeVms(made, UNDO_TIMEOUT_MS);
    if (error !== undefined) throw error as Error;
  }
}

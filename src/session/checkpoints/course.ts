/** Where a file's device has been and where it goes: before each test it is put where that test starts from. */
import type { Circus } from "@jest/types";
import type { RunRecord } from "../../artifacts/run-record.js";
import { describeError, isHarnessError, UsageError } from "../../base/errors.js";
import type { Checkpoint, Timeline } from "../../lab/timeline.js";
import { blocksAround } from "../plan/suite-tree.js";
import type { FromScopes } from "./from-scopes.js";
import { isPlan, type CheckpointPlan, type StartingPoint } from "./plan.js";

/** How far a device is to be as it was: for each file, for all files of a worker together, for each test. */
export type Isolation = "file" | "worker" | "test";
/** How a test gets to its checkpoint: by the steps that lead there, put back, or not at all once it has been there. */
export type Policy = "fresh" | "restored" | "dirty";

export interface CourseOptions {
  /** Undefined for a device without checkpoints. */
  readonly timeline: Timeline | undefined;
  readonly isolation: Isolation;
  readonly policy: Policy;
  readonly scopes: FromScopes;
  /** Hash of what a plan's checkpoint depends on. */
  readonly keyOf: (plan: CheckpointPlan) => Promise<string>;
  /** Goes through the steps of a plan. */
  readonly setUp: (plan: CheckpointPlan) => Promise<void>;
  /** Removes what `setUp` made, on a device without checkpoints. */
  readonly undo: () => Promise<void>;
  readonly say: (text: string) => void;
  readonly record: RunRecord;
}

/** A place that is nobody's checkpoint: where the file's own hooks and tests left the device. */
interface Home {
  readonly block: Circus.DescribeBlock;
  /** Undefined: the device could not be saved there, so what is done to it later stays. */
  readonly checkpoint: Checkpoint | undefined;
}

const HOME_NAME = "before the tests";
/** Failures of the host, which say nothing of what was kept. */
const HOSTS_FAULT = ["KVM_UNAVAILABLE", "PORT_BUSY", "NO_SPACE"];

export class DeviceCourse {
  readonly #made = new Map<CheckpointPlan, Checkpoint>();
  /** Innermost last. */
  readonly #homes: Home[] = [];
  readonly #said = new Set<string>();
  /** Nowhere: on its way it failed, and what is on the device is neither of home nor all of a checkpoint. */
  #at: StartingPoint | "home" | "nowhere" = "home";
  /** A hook or a test of the file has been at home, so that it is not as it was at the beginning. */
  #touched = false;
  /** A `beforeAll` hook has changed home since it was saved; the block it belongs to. */
  #hooked: Circus.DescribeBlock | undefined;
  /** Why the device cannot be saved at all, or not where a plan leads. */
  #cannotSave: string | undefined;
  readonly #unsaved = new Map<CheckpointPlan, string>();
  /** The test before was told that what it leaves goes by itself. */
  #putsBack = false;
  #leftHome = false;

  constructor(private readonly options: CourseOptions) {}

  /** It has been at a checkpoint: what is on the device is not what the file's own steps put there. */
  get hasLeftHome(): boolean {
    return this.#leftHome;
  }

  /** Hooks of the block follow, then its tests. */
  async blockStarts(block: Circus.DescribeBlock): Promise<void> {
    if (!this.options.scopes.hasPlainTests(block)) return;
    if (this.#at !== "home" || (this.options.isolation === "test" && this.#homes.length > 0)) await this.#goHome();
  }

  /** What its hooks did is over. */
  blockEnds(block: Circus.DescribeBlock): void {
    while (this.#homes.length > 0 && this.#homes.at(-1)?.block === block) this.#homes.pop();
  }

  beforeAllRan(block: Circus.DescribeBlock): void {
    this.#touched = true;
    this.#hooked = block;
  }

  /**
   * @param policy of this test
   * @returns whether the device is put back after it
   */
  async testStarts(test: Circus.TestEntry, policy = this.options.policy): Promise<boolean> {
    const putsBack = await this.#startTest(test, policy);
    return (this.#putsBack = putsBack);
  }

  async #startTest(test: Circus.TestEntry, policy: Policy): Promise<boolean> {
    const { timeline, scopes, isolation } = this.options;
    const plan = scopes.of(test);
    if (plan === undefined) {
      await this.#plainTest(test);
      return timeline !== undefined && isolation === "test" && this.#homes.at(-1)?.checkpoint !== undefined;
    }
    const returns = scopes.hasPlainTests(blocksAround(test)[0]);
    if (this.#at === "home" && this.#touched && timeline && returns) await this.#saveHome(timeline, test);
    await this.#goTo(plan, policy);
    return timeline !== undefined && !this.#onlyUndoes(plan) && policy !== "dirty";
  }

  /** For `device.restore()`. */
  async restore(point: StartingPoint): Promise<void> {
    const { timeline, policy } = this.options;
    const wasHome = this.#at === "home";
    if (!isPlan(point) && !timeline) throw cannotSave("This device does not support checkpoints");
    try {
      if (isPlan(point)) await this.#goTo(point, policy);
      else await timeline?.restore(point);
    } catch (error) {
      this.#at = "nowhere";
      throw error;
    }
    // A test that starts at home and goes elsewhere is followed by tests that start where it left the device.
    this.#at = wasHome ? "home" : point;
    this.#touched = true;
  }

  /** For `device.checkpoint()`. */
  async save(name: string): Promise<Checkpoint> {
    const { timeline } = this.options;
    if (!timeline) throw cannotSave("This device does not support checkpoints");
    return timeline.save(name);
  }

  async #plainTest(test: Circus.TestEntry): Promise<void> {
    const { timeline, isolation } = this.options;
    if (isolation === "test" && timeline === undefined) {
      this.#sayOnce("this device does not support checkpoints: its tests find what those before them left");
    }
    if (isolation === "test" && timeline && this.#at === "home" && (this.#hooked || this.#homes.length === 0)) {
      await this.#saveHome(timeline, test);
    } else if (this.#at !== "home" || (isolation === "test" && timeline)) {
      await this.#goHome();
    }
    this.#touched = true;
  }

  async #saveHome(timeline: Timeline, test: Circus.TestEntry): Promise<void> {
    if (this.#hooked === undefined && this.#homes.length > 0) return;
    const block = this.#hooked ?? blocksAround(test)[0];
    this.#hooked = undefined;
    try {
      this.#homes.push({ block, checkpoint: await timeline.save(HOME_NAME) });
    } catch (error) {
      if (timeline.savesRunningVms || !isHarnessError(error)) throw error;
      this.#homes.push({ block, checkpoint: undefined });
      this.#sayOnce(`tests find what those before them left, the device could not be saved: ${error.shortMessage}`);
    }
  }

  async #goHome(): Promise<void> {
    const { timeline, undo } = this.options;
    const home = this.#homes.at(-1);
    if (timeline === undefined) await undo();
    else if (home?.checkpoint) await timeline.restore(home.checkpoint);
    else if (home === undefined || this.#putsBack) await timeline.restart();
    else await undo();
    this.#at = "home";
  }

  async #goTo(plan: CheckpointPlan, policy: Policy): Promise<void> {
    const { timeline } = this.options;
    if (policy === "dirty" && this.#at === plan) return;
    const why = timeline ? this.#whyUnsaved(plan) : "the device does not support checkpoints";
    if (timeline && policy !== "fresh" && why === undefined) await this.#goBack(timeline, plan);
    else {
      if (policy !== "fresh") this.#sayOnce(`"${plan.name}" is reached by booting, because ${why}`);
      await this.#boot(plan, policy === "fresh" ? undefined : why);
    }
    this.#at = plan;
    this.#leftHome = true;
  }

  async #goBack(timeline: Timeline, plan: CheckpointPlan): Promise<void> {
    const key = await this.options.keyOf(plan);
    const found = this.#made.get(plan) ?? (await timeline.find(key));
    if (found !== undefined) {
      try {
        await timeline.restore(found);
        this.#made.set(plan, found);
        return;
      } catch (error) {
        this.#at = "nowhere";
        // One of an earlier run may be damaged; if it worked before, the device has a problem.
        if (this.#made.has(plan) || !isHarnessError(error) || HOSTS_FAULT.includes(error.code)) throw error;
        this.options.say(
          `"${plan.name}" is made again, because what was kept of it cannot be used: ${describeError(error)}`,
        );
        await timeline.drop(found);
      }
    }
    await this.#boot(plan, undefined);
    let made: Checkpoint;
    try {
      made = await timeline.save(plan.name, key);
    } catch (error) {
      if (!isHarnessError(error) || error.code === "CHECKPOINT_MOVED") throw error;
      if (error.code === "CANNOT_SAVE") this.#unsaved.set(plan, error.shortMessage);
      else this.#cannotSave = error.shortMessage;
      this.#sayOnce(`"${plan.name}" is reached by booting, the device could not be saved: ${error.shortMessage}`);
      return;
    }
    this.#made.set(plan, made);
    // The test that made it starts as all others do.
    await timeline.restore(made);
  }

  /** From the suite's beginning, by all steps. */
  async #boot(plan: CheckpointPlan, why: string | undefined): Promise<void> {
    const { timeline, setUp, undo, record, isolation } = this.options;
    const begun = performance.now();
    // What the files before this one left on a shared device is no part of what leads to a checkpoint.
    const used = this.#at !== "home" || this.#touched || isolation === "worker";
    if (timeline === undefined || (this.#onlyUndoes(plan) && !this.#putsBack)) await undo();
    else if (used) await timeline.restart();
    this.#at = "nowhere";
    await setUp(plan);
    const durationMs = performance.now() - begun;
    record.add({ kind: "checkpoint-booted", checkpoint: plan.name, durationMs, ...(why === undefined ? {} : { why }) });
  }

  #whyUnsaved(plan: CheckpointPlan): string | undefined {
    return this.#cannotSave ?? this.#unsaved.get(plan);
  }

  /** Such a device takes minutes to become pristine: too long for each test. */
  #onlyUndoes(plan: CheckpointPlan): boolean {
    return this.options.timeline?.savesRunningVms === false && this.#whyUnsaved(plan) !== undefined;
  }

  #sayOnce(text: string): void {
    if (this.#said.has(text)) return;
    this.#said.add(text);
    this.options.say(text);
  }
}

function cannotSave(what: string): UsageError {
  return new UsageError("CANNOT_SAVE", `${what}.`, {
    hint: "declare the checkpoint with its steps, checkpoint(name, setUp), and start tests from it: they boot on such a device",
  });
}

/** One test file's stay in the environment: it answers what suites ask through the bridge. */
import type { RunRecord } from "../artifacts/run-record.js";
import { UsageError } from "../base/errors.js";
import { checkFixtures, extendFixtures, type FixtureSet } from "../fixture-engine/engine.js";
import { parameterNames } from "../fixture-engine/parameter-names.js";
import type { Requirement } from "../lab/requirements/index.js";
import { firstApp, stageFixtures, type DeclaredCheckpoint, type PlainStages } from "../fixture-engine/stages.js";
import { shortPath } from "../session/evidence/evidence.js";
import { VmLedger } from "../session/evidence/vm-ledger.js";
import type { Harness } from "../lab/harness.js";
import * as library from "../library.js";
import { AssertionRecord, noteStep, type EndAssertion, type MatcherCall } from "../session/calls/activity-record.js";
import type { Bridge } from "./bridge.js";
import { ConcurrentTests } from "../session/follower/concurrent-tests.js";
import type { TestRequest } from "../session/follower/test-run.js";
import { FileCourse } from "../session/checkpoints/file-course.js";
import { FileDevice } from "../session/file-device.js";
import type { InfrastructureRetry } from "../session/failures/infrastructure-retry.js";
import { matchers } from "./matchers/index.js";
import type { EnvironmentOptions } from "../session/options.js";
import { LateFailures } from "../session/rejections/late-failures.js";
import { Rejections } from "../session/rejections/rejections.js";
import { callSignal, whileCalling } from "../session/calls/test-context.js";
import { TestFollower } from "../session/follower/test-follower.js";
import { RequirementSkips } from "../session/plan/requirement-skips.js";
import { SuiteTree } from "../session/plan/suite-tree.js";
import { reaches, TestPlan, type Declaration, type RequiresCall } from "../session/plan/test-plan.js";

interface SessionOptions {
  readonly environment: EnvironmentOptions;
  readonly record: RunRecord;
  readonly projectFolder: string;
  readonly file: string;
  readonly project: string | undefined;
  readonly testTimeoutMs: number;
  readonly retry: InfrastructureRetry;
  /** Of the file's docblock. */
  readonly requirements: readonly Requirement[];
  readonly holdMs: number | undefined;
  /** The device is there before the file runs, and stays the same: its hooks get hold of it. */
  readonly eager: boolean;
}

const ON_DEVICE = ["device", "app", "apps", "vmm", "customVm"];

export class FileSession implements Bridge {
  readonly library = { ...library, adbIntoVm: noteAdbIntoVm };
  readonly matchers = matchers;
  readonly baseFixtures: FixtureSet;
  readonly testTimeoutMs: number;
  readonly device: FileDevice;
  readonly follower: TestFollower;
  readonly tree = new SuiteTree();
  readonly plan: TestPlan;
  readonly requirements: RequirementSkips;
  readonly concurrent: ConcurrentTests;
  readonly course: FileCourse;
  readonly rejections = new Rejections();
  readonly late: LateFailures;
  readonly repeats: boolean;
  readonly #ledger: VmLedger;
  /** Fixtures of `test.use()`, call by call. */
  readonly #overrides = this.tree.values<readonly Readonly<Record<string, unknown>>[]>();
  #assertions: AssertionRecord;

  constructor(private readonly options: SessionOptions) {
    const { environment, record, projectFolder, project, file, retry, holdMs, eager } = options;
    this.testTimeoutMs = options.testTimeoutMs;
    this.#assertions = new AssertionRecord(record);
    this.#ledger = new VmLedger(record, whileCalling);
    this.device = new FileDevice(environment, projectFolder, record, ({ owners }) => {
      for (const app of owners) this.#ledger.watch(app.vmm, app.context.dataFolder);
    });
    this.baseFixtures = stageFixtures({
      device: () => this.current().device,
      app: () => this.current().app,
      apps: () => this.current().apps,
      vmm: () => this.current().vmm,
      customVm: () => this.current().customVm,
      signal: () => this.signal(),
    });
    this.plan = new TestPlan(this.tree, options.requirements, this.#fixtures(ON_DEVICE), this.#fixtures(["device"]));
    this.requirements = new RequirementSkips(this.plan, shortPath(file), () => this.device.facts());
    this.concurrent = new ConcurrentTests({ file, record, retry, plan: this.plan, requirements: this.requirements });
    this.repeats = environment.repeat;
    this.course = new FileCourse({
      ...{
        tree: this.tree,
        device: this.device,
        environment,
        rootDir: projectFolder,
        file,
        ledger: this.#ledger,
        record,
      },
      ...{ baseFixtures: () => this.baseFixtures, setUpTimeoutMs: options.testTimeoutMs },
    });
    this.late = new LateFailures({ record, projectFolder, project, file });
    this.follower = new TestFollower({
      rejections: this.rejections,
      ...{ device: this.device, ledger: this.#ledger, record, retry, projectFolder, project, file, holdMs },
      ...{ leaks: environment.leaks, keepsDevice: eager, leaveDevice: () => this.course.leave() },
    });
  }

  extend(set: FixtureSet, additions: Readonly<Record<string, unknown>>): FixtureSet {
    if ("from" in additions) {
      throw new UsageError("BAD_FROM", "test.extend() cannot say where tests start from.", {
        hint: "test.use({ from }) does, for the file or a describe block: the device is there before hooks run",
      });
    }
    return extendFixtures(set, additions);
  }

  namesOf(set: FixtureSet, body: (...args: never[]) => unknown, what: string): readonly string[] {
    const names = parameterNames(body, what);
    checkFixtures(set, names, what);
    return names;
  }

  use(set: FixtureSet, overrides: Readonly<Record<string, unknown>>): void {
    const { from, ...fixtures } = overrides;
    checkFixtures(set, Object.keys(fixtures), "test.use()");
    if ("from" in overrides) this.course.scopes.use(from);
    this.#overrides.update((before = []) => [...before, fixtures]);
  }

  inScope(set: FixtureSet): FixtureSet {
    return this.#overrides
      .here()
      .flat()
      .reduce((scoped, overrides) => extendFixtures(scoped, overrides), set);
  }

  requires(texts: readonly string[]): RequiresCall {
    if (this.follower.test === undefined) return this.plan.requires(texts);
    throw new UsageError("REQUIRES_IN_TEST", "test.requires() belongs before a test or in a block, not in a test.", {
      hint: 'test.requires("protected")("name of the test", async ({ vm }) => { … })',
    });
  }

  declare(declaration: Declaration, work: () => void): void {
    this.plan.declare(declaration, work);
  }

  checkpoint(name: string, setUp: (fixtures: never) => unknown): DeclaredCheckpoint {
    return this.course.declare(name, setUp);
  }

  async run(request: TestRequest): Promise<void> {
    const { test } = this.follower;
    if (test === undefined) throw outsideTest("This body");
    try {
      if (reaches(request.fixtures, request.names, this.#fixtures(ON_DEVICE))) await this.device.open();
      await test.run(request);
    } catch (error) {
      test.failure ??= error;
      throw error;
    }
  }

  current(): PlainStages {
    const harness = this.#harness();
    harness.device.gone.throwIfAborted();
    return {
      device: this.course.deviceOf(harness),
      apps: harness.apps,
      get app() {
        return firstApp(harness.apps);
      },
      vmm: harness.owners[0].vmm,
      customVm: (spec) => {
        const name = JSON.stringify(spec.name ?? "vm1");
        return whileCalling(`waiting in customVm() for VM ${name}`, () => harness.customVm(spec));
      },
    };
  }

  async step<T>(title: string, work: () => T | Promise<T>): Promise<T> {
    const endActivity = this.follower.test?.begin(`at step "${title}"`, "noted elsewhere");
    const end = noteStep(this.options.record, title, "step");
    try {
      const value = await work();
      end();
      return value;
    } catch (error) {
      end({ error });
      throw error;
    } finally {
      endActivity?.();
    }
  }

  noteAssertion(call: MatcherCall): EndAssertion {
    return this.#assertions.begin(call, (value) => {
      const entry = this.#ledger.entries().find(({ vm }) => vm === value);
      return entry && { vm: entry.vm.getName(), machine: entry.machine };
    });
  }

  signal(): AbortSignal {
    const signal = callSignal() ?? this.follower.test?.signal;
    if (signal === undefined) throw outsideTest("The signal of a test");
    return signal;
  }

  testStarted(name: string, attempt: number, occurrence: number): void {
    this.#assertions = new AssertionRecord(this.options.record);
    this.follower.begin(name, attempt, occurrence);
  }

  #fixtures(names: readonly string[]): ReadonlySet<NonNullable<ReturnType<FixtureSet["get"]>>> {
    return new Set(names.flatMap((name) => this.baseFixtures.get(name) ?? []));
  }

  #harness(): Harness {
    const { opened, failure } = this.device;
    if (opened !== undefined) return opened;
    if (failure !== undefined) throw failure.error;
    throw new UsageError("DEVICE_NOT_THERE", "The device was requested where its need could not be detected.", {
      hint: 'take fixtures (`async ({ vmm }) => …`), or set testEnvironmentOptions: { lease: "eager" }',
    });
  }
}

const noteAdbIntoVm: typeof library.adbIntoVm = (device, vm, options) => {
  const which = vm instanceof library.VirtualMachine ? ` for VM "${vm.getName()}"` : "";
  return whileCalling(`waiting in adbIntoVm()${which}`, () => library.adbIntoVm(device, vm, options));
};

function outsideTest(what: string): UsageError {
  return new UsageError("OUTSIDE_TEST", `${what} can be used only while a test runs.`, {
    hint: "in hooks use useAvf(); test.concurrent does not work with fixtures",
  });
}

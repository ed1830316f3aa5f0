/** What is known of a file's tests before they run: which need the device, and what they require of it. */
import type { Circus } from "@jest/types";
import type { FixtureDefinition, FixtureSet } from "../../fixture-engine/engine.js";
import { parseRequirements, type Requirement } from "../../lab/requirements/index.js";
import { blocksAround, type BlockValues, type SuiteTree } from "./suite-tree.js";

/** What a call of `test()` says about its test. */
export interface Declaration {
  readonly fixtures: FixtureSet;
  readonly names: readonly string[];
  readonly requirements: readonly RequiresCall[];
}

/** A call of `test.requires()`: for the tests that are declared by what it returned, else for the block it stands in. */
export interface RequiresCall {
  readonly requirements: readonly Requirement[];
  declaredTests: boolean;
}

export class TestPlan {
  readonly #declared = new WeakMap<Circus.TestEntry, Declaration>();
  readonly #named = new Map<string, number>();
  readonly #occurrences = new WeakMap<Circus.TestEntry, number>();
  readonly #ofBlocks: BlockValues<readonly RequiresCall[]>;
  #declaring: Declaration | undefined;

  /** @param ofFile what the file's docblock requires */
  constructor(
    tree: SuiteTree,
    private readonly ofFile: readonly Requirement[],
    private readonly onDevice: ReadonlySet<FixtureDefinition>,
    /** The one that is the device. */
    private readonly itself: ReadonlySet<FixtureDefinition>,
  ) {
    this.#ofBlocks = tree.values();
  }

  /** @throws UsageError for a requirement that is not known */
  requires(texts: readonly string[]): RequiresCall {
    const call: RequiresCall = { requirements: texts.flatMap(parseRequirements), declaredTests: false };
    this.#ofBlocks.update((before = []) => [...before, call]);
    return call;
  }

  /** Jest adds tests while `work` runs: they are what is declared. */
  declare(declaration: Declaration, work: () => void): void {
    for (const call of declaration.requirements) call.declaredTests = true;
    this.#declaring = declaration;
    try {
      work();
    } finally {
      this.#declaring = undefined;
    }
  }

  testAdded(test: Circus.TestEntry | undefined): void {
    // One that Jest refused, for it stands within a test, is not added: the last one is another, which is known.
    if (test === undefined || this.#occurrences.has(test)) return;
    if (this.#declaring !== undefined) this.#declared.set(test, this.#declaring);
    const name = fullName(test);
    const occurrence = (this.#named.get(name) ?? 0) + 1;
    this.#named.set(name, occurrence);
    this.#occurrences.set(test, occurrence);
  }

  /** Which of the tests of its name: rows of a table may share one, and so may tests of several blocks. */
  occurrenceOf(test: Circus.TestEntry): number {
    return this.#occurrences.get(test) ?? 1;
  }

  /** A fixture that it asks for, or one that those need, is on the device. */
  needsDevice(test: Circus.TestEntry): boolean {
    return this.#reaches(test, this.onDevice);
  }

  /** It asks for the device itself, whose serial is all that it takes to go past us. */
  holdsDevice(test: Circus.TestEntry): boolean {
    return this.#reaches(test, this.itself);
  }

  requirementsOf(test: Circus.TestEntry): readonly Requirement[] {
    const own = this.#declared.get(test)?.requirements.flatMap(({ requirements }) => requirements) ?? [];
    // The nearest block is told first.
    const calls = this.#ofBlocks.around(test).toReversed().flat();
    const around = calls.flatMap(({ declaredTests, requirements }) => (declaredTests ? [] : requirements));
    return [...this.ofFile, ...around, ...own];
  }

  #reaches(test: Circus.TestEntry, targets: ReadonlySet<FixtureDefinition>): boolean {
    const declaration = this.#declared.get(test);
    return declaration !== undefined && reaches(declaration.fixtures, declaration.names, targets);
  }
}

/** Tests that Jest is going to run: by the rules by which it skips the others. */
export function enabledTests(state: Circus.State): readonly Circus.TestEntry[] {
  const enabledIn = (block: Circus.DescribeBlock, skipped: boolean): readonly Circus.TestEntry[] =>
    block.children.flatMap((child) => {
      if (child.type === "describeBlock") return enabledIn(child, skipped || child.mode === "skip");
      const left = state.hasFocusedTests && child.mode === undefined;
      const named = state.testNamePattern?.test(fullName(child)) ?? true;
      return skipped || child.mode === "skip" || child.mode === "todo" || left || !named ? [] : [child];
    });
  return enabledIn(state.rootDescribeBlock, state.rootDescribeBlock.mode === "skip");
}

/** As Jest's `-t` matches it: the blocks around the test, and the test. */
export function fullName(test: Circus.TestEntry): string {
  const [, ...blocks] = blocksAround(test);
  return [...blocks, test].map(({ name }) => name).join(" ");
}

/** Whether one of `targets` is among what is named, or what that needs. */
export function reaches(set: FixtureSet, names: readonly string[], targets: ReadonlySet<FixtureDefinition>): boolean {
  const seen = new Set<FixtureDefinition>();
  const visit = (name: string, definition: FixtureDefinition | undefined): boolean => {
    if (definition === undefined || seen.has(definition)) return false;
    seen.add(definition);
    if (targets.has(definition)) return true;
    return definition.needs.some((need) => visit(need, need === name ? definition.replaces : set.get(need)));
  };
  return names.some((name) => visit(name, set.get(name)));
}

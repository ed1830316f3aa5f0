/** Tests that stand at one place of nesting, while they are being read. */
import { isSame, readVerdict, type Place, type Result } from "./grammar.js";
import { Diagnostics, type DiagnosticRoom } from "./diagnostics.js";
import { LIMITS, type KtapProblem, type KtapStatus, type KtapTest } from "./model.js";

/** Which tests of the report there may still be. */
export interface Room extends DiagnosticRoom {
  tests: number;
}

/** What ended output that was not complete. */
export interface Interruption {
  readonly line: string;
}

/** A test of which YAML may still follow its result line. */
type OpenTest = { -readonly [K in keyof KtapTest]: KtapTest[K] };

export class Group {
  name: string | undefined;
  version: string | undefined;
  plan: number | undefined;
  skipReason: string | undefined;
  /** Its lines are not indented, or it is not known yet. */
  isFlat = false;
  /** Nothing but a result of deeper indentation says that these are subtests. */
  isBare = false;
  hasBailedOut = false;
  /** Subtests whose result line is still to come. */
  awaiting: Group | undefined;
  readonly pending: Diagnostics;
  readonly #tests: OpenTest[] = [];
  readonly #problems: KtapProblem[] = [];
  #misnumbered = 0;

  constructor(
    public place: Place,
    private readonly room: Room,
  ) {
    this.pending = new Diagnostics(room);
  }

  get tests(): readonly KtapTest[] {
    return this.#tests;
  }

  get problems(): readonly KtapProblem[] {
    return this.#problems;
  }

  get nextNumber(): number {
    return this.#tests.length + 1;
  }

  get lastTest(): OpenTest | undefined {
    return this.#tests.at(-1);
  }

  /** Nothing has come yet but its heading. */
  get isFresh(): boolean {
    return this.plan === undefined && this.#tests.length === 0 && this.awaiting === undefined;
  }

  get isFulfilled(): boolean {
    return this.plan !== undefined && this.#tests.length >= this.plan && this.awaiting === undefined;
  }

  isAt(place: Place): boolean {
    return isSame(this.place, place);
  }

  add(result: Result): void {
    const subtests = this.#takeAwaiting(result);
    if (this.room.tests <= 0) return this.#overLimit();
    this.room.tests--;
    const { number, description } = result;
    if (number !== undefined && number !== this.nextNumber) this.#misnumbered++;
    const { directive, reason } = readVerdict(result, this.version?.startsWith("TAP") === true);
    const name = description || subtests?.name || reason || `test ${number ?? this.nextNumber}`;
    this.#tests.push({
      ...{ name, number, directive, reason, status: statusOf(result.ok, directive) },
      ...this.pending.take(),
      ...{ plan: subtests?.plan, tests: subtests?.tests ?? [], problems: subtests?.problems ?? [] },
    });
  }

  /** Of the last test: YAML that follows its result line. */
  addToLast(line: string): void {
    const test = this.lastTest;
    if (test === undefined || test.diagnostics.length >= LIMITS.diagnosticLines || this.room.left < line.length) return;
    test.diagnostics = [...test.diagnostics, line.slice(0, LIMITS.diagnosticLength)];
    this.room.left -= line.length;
  }

  /** Its output was interrupted, or another group began, before the result line of these subtests came. */
  addOrphan(group: Group, why: string): void {
    if (group.isBare && !group.hasBailedOut && this.#tests.length === 0) return this.#adopt(group);
    if (this.room.tests <= 0) return this.#overLimit();
    this.room.tests--;
    const name = group.name ?? `test ${this.nextNumber}`;
    this.#tests.push({
      ...{ name, number: undefined, directive: undefined, reason: why, status: "missing" },
      ...group.pending.take(),
      ...{ plan: group.plan, tests: group.tests },
      problems: [
        ...group.problems,
        { kind: "no-result-line", fatal: true, text: `"${name}" has no result line: ${why}` },
      ],
    });
  }

  problem(kind: KtapProblem["kind"], text: string, fatal = true): void {
    this.#problems.push({ kind, fatal, text });
  }

  /** Nothing more comes. */
  close(interruption: Interruption | undefined): void {
    const { awaiting } = this;
    this.awaiting = undefined;
    if (awaiting) {
      awaiting.close(interruption);
      this.addOrphan(awaiting, interruption?.line ?? "the output ended");
    }
    this.checkNumbers();
    this.#checkPlan();
  }

  checkNumbers(): void {
    if (this.#misnumbered === 0) return;
    const what = this.#misnumbered === 1 ? "one result is" : `${this.#misnumbered} results are`;
    this.problem("numbering", `${what} not numbered in order`, false);
    this.#misnumbered = 0;
  }

  /** Of a whole document: that no test ran is no success. Below that the result line decides. */
  checkAnyTests(): void {
    if (this.#tests.length > 0 || this.hasBailedOut || this.skipReason !== undefined) return;
    if (this.plan === undefined) this.problem("no-tests", "there is neither a plan nor a test");
    else if (this.plan === 0) this.problem("no-tests", "no tests were planned, and none ran");
  }

  #checkPlan(): void {
    const { plan } = this;
    const count = this.#tests.length;
    if (plan === undefined) return;
    if (count < plan) {
      this.problem("missing-results", `${plan} tests were planned, and ${count} have a result`);
    } else if (count > plan) {
      this.problem("too-many-results", `${plan} tests were planned, and ${count} have a result`);
    }
  }

  /** Subtests whose name is another than that of the result never got theirs. */
  #takeAwaiting({ description }: Result): Group | undefined {
    const { awaiting } = this;
    if (awaiting === undefined) return undefined;
    this.awaiting = undefined;
    if (awaiting.name === undefined || description === "" || awaiting.name === description) {
      awaiting.close(undefined);
      for (const line of awaiting.pending.take().diagnostics) this.pending.add(line);
      return awaiting;
    }
    awaiting.close(undefined);
    this.addOrphan(awaiting, `the result of "${description}" came instead`);
    return undefined;
  }

  /** Results that were indented for no reason. */
  #adopt(group: Group): void {
    for (const test of group.#tests) this.#tests.push(test);
    this.plan ??= group.plan;
    this.#misnumbered += group.#misnumbered;
  }

  #overLimit(): void {
    if (this.#problems.some(({ kind }) => kind === "over-limit")) return;
    this.problem("over-limit", `there are more than ${LIMITS.tests} tests; the others were not read`);
  }
}

function statusOf(ok: boolean, directive: KtapTest["directive"]): KtapStatus {
  switch (directive) {
    case "SKIP":
      return "skipped";
    case "XFAIL":
      return "expected-failure";
    case "TIMEOUT":
    case "ERROR":
      return "failed";
    case "TODO":
      return ok ? "passed" : "todo";
    case undefined:
      return ok ? "passed" : "failed";
  }
}

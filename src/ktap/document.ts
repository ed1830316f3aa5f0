/** One document while it is being read: groups within groups, by the places of their lines. */
import { holds, type Place, type Token } from "./grammar.js";
import { Group, type Interruption, type Room } from "./group.js";
import { LIMITS, type KtapDocument } from "./model.js";
import { YamlReader } from "./yaml.js";

type TokenOf<K extends Token["kind"]> = Extract<Token, { readonly kind: K }>;

const KNOWN_VERSIONS: readonly string[] = ["KTAP 1", "TAP 12", "TAP 13", "TAP 14"];

export class DocumentReader {
  /** From the outermost to the one that lines are of now. */
  #stack: Group[];
  readonly #yaml = new YamlReader();
  #closed: KtapDocument | undefined;
  #wasTooDeep = false;

  constructor(
    place: Place,
    private readonly room: Room,
  ) {
    this.#stack = [new Group(place, room)];
  }

  /** Its plan is fulfilled, or it bailed out; more may follow all the same. */
  get isComplete(): boolean {
    const root = this.#root;
    return root.hasBailedOut || (this.#stack.length === 1 && root.isFulfilled);
  }

  /** Tests have a result, or a plan that is not empty, at the outermost level. */
  get hasBegun(): boolean {
    return !this.#root.isFresh || this.#stack.length > 1;
  }

  /** Takes a line of this document; false for one that begins another. */
  take(token: Token, line: string): boolean {
    if (this.#yaml.take(token, line, this.#top)) return true;
    switch (token.kind) {
      case "version":
        return this.#version(token);
      case "plan":
        return this.#plan(token);
      case "result":
        this.#result(token, line);
        return true;
      case "subtest":
        this.#subtest(token);
        return true;
      case "bail-out":
        this.#bailOut(token, line);
        return true;
      case "comment":
        this.#comment(token);
        return true;
      case "other":
        this.note(token.text);
        return true;
    }
  }

  /** A line that is not of this document, but came while the test that runs now did. */
  note(text: string): void {
    if (text.trim() !== "") this.#top.pending.add(text);
  }

  /** @param interruption what ended it before its time */
  close(interruption?: Interruption): KtapDocument {
    if (this.#closed) return this.#closed;
    const complete = this.isComplete;
    while (this.#stack.length > 1) this.#pop();
    const root = this.#root;
    root.close(interruption);
    root.checkAnyTests();
    if (interruption && !complete) root.problem("interrupted", `the output was interrupted: ${interruption.line}`);
    if (this.#wasTooDeep) root.problem("over-limit", `tests nested deeper than ${LIMITS.depth} levels were not read`);
    return (this.#closed = {
      ...{ version: root.version, plan: root.plan, skipReason: root.skipReason, tests: root.tests, complete },
      ...{ diagnostics: root.pending.take().diagnostics, problems: root.problems },
    });
  }

  get #root(): Group {
    return this.#stack[0]!;
  }

  get #top(): Group {
    return this.#stack.at(-1)!;
  }

  #version({ place, dialect, version }: TokenOf<"version">): boolean {
    const text = `${dialect} ${version}`;
    this.#closeDeeperThan(place);
    if (!holds(this.#root.place, place)) return false;
    let group = this.#top;
    if (group.isAt(place) || (group.isFlat && group.isFresh)) {
      if (!group.isFresh || group.version !== undefined) {
        // Without indentation nobody can tell; a program that runs others passes their lines on as they are.
        if (group === this.#root && (group.isFulfilled || group.plan === undefined)) return group.isFresh;
        if (group !== this.#root) this.#pop();
        group = this.#open(place);
        group.isFlat = this.#stack.at(-2)?.isAt(place) === true;
      }
    } else group = this.#open(place);
    group.place = place;
    group.version = text;
    if (!KNOWN_VERSIONS.includes(text)) {
      group.problem("unknown-version", `"${dialect} version ${version}" is not known`, false);
    }
    return true;
  }

  #plan({ place, count, skipReason }: TokenOf<"plan">): boolean {
    this.#closeDeeperThan(place);
    let group = this.#top;
    if (group.isFlat && group.isFresh) group.place = place;
    else if (!group.isAt(place)) {
      if (!holds(group.place, place)) return false;
      group = this.#open(place);
    } else if (group.plan !== undefined) {
      return group !== this.#root || !group.isFulfilled;
    }
    group.plan = count;
    group.skipReason = skipReason;
    return true;
  }

  #subtest({ place, name }: TokenOf<"subtest">): void {
    this.#closeDeeperThan(place);
    const group = this.#top;
    if (!holds(group.place, place)) return;
    const names = group.isAt(place) && group !== this.#root && group.isFresh && group.name === undefined;
    if (names) {
      group.name = name;
      return;
    }
    const isFlat = group.isAt(place);
    const opened = this.#open(place);
    opened.name = name;
    opened.isFlat = isFlat;
  }

  #result(token: TokenOf<"result">, line: string): void {
    const { place, number, description } = token;
    // TAP lets numbers be left out; a word of the kernel that begins with "ok" is no result.
    if (number === undefined && !this.#mayLackNumber(token)) return this.note(line);
    this.#closeDeeperThan(place);
    if (!holds(this.#root.place, place)) this.#reRoot(place);
    let group = this.#top;
    if (group.isFlat && group.isFresh && !group.isAt(place)) group.place = place;
    while (group.isFlat && group.isAt(place) && this.#isOfParent(group, number, description)) {
      this.#pop();
      group = this.#top;
    }
    if (!group.isAt(place)) {
      // The runner's own words about a test, which happen to look like a result.
      if (place.length > group.place.length) return this.note(line);
      if (number === 1 || number === undefined) {
        group = this.#open(place);
        group.isBare = true;
      }
    }
    group.add(token);
  }

  #mayLackNumber({ place, description }: TokenOf<"result">): boolean {
    const group = this.#stack.findLast((one) => one.isAt(place));
    return group?.version?.startsWith("TAP") === true && description !== "";
  }

  /** Of subtests that are not indented, whether the result is that of all of them. */
  #isOfParent(group: Group, number: number | undefined, description: string): boolean {
    if (group.name !== undefined && group.name === description) return true;
    if (group.plan !== undefined) return group.isFulfilled;
    return number !== group.nextNumber && number === this.#stack.at(-2)?.nextNumber;
  }

  #bailOut({ place, reason }: TokenOf<"bail-out">, line: string): void {
    this.#closeDeeperThan(place);
    const group = this.#top;
    if (place.length > group.place.length) return this.note(line);
    group.hasBailedOut = true;
    group.problem("bail-out", reason === "" ? "Bail out!" : `Bail out! ${reason}`);
  }

  #comment({ place, inner, text }: TokenOf<"comment">): void {
    if (text === "") return;
    const ofTest = this.#stack.findLast((group) => holds(group.place, inner) && group.place.length === inner.length);
    const group = ofTest ?? this.#stack.findLast((one) => holds(one.place, place)) ?? this.#root;
    group.pending.add(text);
  }

  #open(place: Place): Group {
    if (this.#stack.length >= LIMITS.depth) {
      this.#wasTooDeep = true;
      this.#pop();
    }
    const group = new Group(place, this.room);
    this.#stack.push(group);
    return group;
  }

  /** The innermost group is over; its result line is still to come. */
  #pop(): void {
    const group = this.#stack.pop()!;
    const parent = this.#top;
    const { awaiting } = parent;
    if (awaiting) {
      awaiting.close(undefined);
      parent.addOrphan(awaiting, "other subtests followed");
    }
    parent.awaiting = group;
  }

  #closeDeeperThan(place: Place): void {
    while (this.#stack.length > 1 && !holds(this.#top.place, place)) this.#pop();
  }

  /** The beginning of the output is not there: what was taken for the outermost level is not. */
  #reRoot(place: Place): void {
    const inner = this.#stack;
    const root = new Group(place, this.room);
    this.#stack = [root, ...inner];
    while (this.#stack.length > 1) this.#pop();
  }
}

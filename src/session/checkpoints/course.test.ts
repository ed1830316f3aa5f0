import { beforeEach, describe, expect, test } from "@jest/globals";
import type { Circus } from "@jest/types";
import type { RunRecord } from "../../artifacts/run-record.js";
import { InfrastructureError, UsageError } from "../../base/errors.js";
import type { Checkpoint, Timeline } from "../../lab/timeline.js";
import { SuiteTree } from "../plan/suite-tree.js";
import { DeviceCourse, type CourseOptions } from "./course.js";
import { FromScopes } from "./from-scopes.js";
import type { CheckpointPlan } from "./plan.js";

/** What happened to the device, in order. */
let steps: string[];
let kept: Map<string, Checkpoint>;
let failSave: Error | undefined;
let failRestore: Error | undefined;
let tree: SuiteTree;
beforeEach(() => {
  tree = new SuiteTree();
  steps = [];
  kept = new Map();
  failSave = undefined;
  failRestore = undefined;
});

const timeline = {
  key: "machine",
  savesRunningVms: true,
  find: async (key: string) => kept.get(key),
  save: async (name: string, key?: string) => {
    steps.push(`save ${name}`);
    if (failSave) throw failSave;
    const checkpoint: Checkpoint = { name, saved: { folder: name, note: "", identity: name }, moments: new Map() };
    if (key !== undefined) kept.set(key, checkpoint);
    return checkpoint;
  },
  drop: async ({ name }: Checkpoint) => void steps.push(`drop ${name}`),
  restore: async ({ name }: Checkpoint) => {
    steps.push(`restore ${name}`);
    const failure = failRestore;
    failRestore = undefined;
    if (failure) throw failure;
  },
  restart: async () => void steps.push("restart"),
} as unknown as Timeline;

/** Blocks and tests as Jest has them. */
interface Block {
  readonly block: Circus.DescribeBlock;
  test(name: string): Circus.TestEntry;
}

function makeBlock(parent?: Circus.DescribeBlock): Block {
  const block = { type: "describeBlock", children: [], parent } as unknown as Circus.DescribeBlock;
  parent?.children.push(block);
  const add = (name: string): Circus.TestEntry => {
    const entry = { type: "test", name, parent: block, status: null } as unknown as Circus.TestEntry;
    block.children.push(entry);
    return entry;
  };
  return { block, test: add };
}

const plan = (name: string): CheckpointPlan => ({ name, names: [], setUp: () => undefined });

function courseOf(scopes: FromScopes, options: Partial<CourseOptions> = {}): DeviceCourse {
  return new DeviceCourse({
    ...{ timeline, isolation: "file", policy: "restored", scopes },
    keyOf: async ({ name }) => `key of ${name}`,
    setUp: async ({ name }) => void steps.push(`set up ${name}`),
    undo: async () => void steps.push("undo"),
    say: (text) => void steps.push(`say ${text}`),
    record: { add: () => undefined } as unknown as RunRecord,
    ...options,
  });
}

/** Runs the test, and Jest's bookkeeping of it. Returns what was done for it. */
async function run(course: DeviceCourse, entry: Circus.TestEntry): Promise<readonly string[]> {
  const before = steps.length;
  await course.testStarts(entry);
  Object.assign(entry, { status: "done" });
  return steps.slice(before);
}

/** A file whose tests all start from one plan. */
function fileFrom(count: number): { readonly scopes: FromScopes; readonly tests: readonly Circus.TestEntry[] } {
  const scopes = new FromScopes(tree);
  const root = makeBlock();
  scopes.use(plan("two vms"));
  return { scopes, tests: Array.from({ length: count }, (_, index) => root.test(`test ${index}`)) };
}

describe("tests that start from a checkpoint", () => {
  test("find it made once, and are each restored to it", async () => {
    const { scopes, tests } = fileFrom(3);
    const course = courseOf(scopes);
    expect(await run(course, tests[0]!)).toEqual(["set up two vms", "save two vms", "restore two vms"]);
    expect(await run(course, tests[1]!)).toEqual(["restore two vms"]);
    expect(await run(course, tests[2]!)).toEqual(["restore two vms"]);
  });

  test("find it made on a pristine device, even if other files have used it before", async () => {
    const { scopes, tests } = fileFrom(1);
    const course = courseOf(scopes, { isolation: "worker" });
    expect(await run(course, tests[0]!)).toEqual(["restart", "set up two vms", "save two vms", "restore two vms"]);
  });

  test("boot each, on a device that is slow to become pristine and can be saved only without VMs", async () => {
    const { scopes, tests } = fileFrom(2);
    const course = courseOf(scopes, { timeline: { ...timeline, savesRunningVms: false } as unknown as Timeline });
    failSave = new UsageError("CANNOT_SAVE", 'VM "vm1" runs');
    const said = 'say "two vms" is reached by booting, the device could not be saved: VM "vm1" runs';
    expect(await run(course, tests[0]!)).toEqual(["set up two vms", "save two vms", said]);
    expect(await run(course, tests[1]!)).toEqual([
      'say "two vms" is reached by booting, because VM "vm1" runs',
      ...["undo", "set up two vms"],
    ]);
    // What it leaves on the device does not go by itself.
    expect(await course.testStarts(tests[1]!)).toBe(false);
  });

  test("of one plan boot although another cannot be saved, on a device that can be saved only without VMs", async () => {
    const scopes = new FromScopes(tree);
    const root = makeBlock();
    const withVms = makeBlock(root.block);
    root.block.children.push(withVms.block);
    const course = courseOf(scopes, { timeline: { ...timeline, savesRunningVms: false } as unknown as Timeline });
    tree.describeStarted(withVms.block);
    scopes.use(plan("two vms"));
    tree.describeFinished();
    scopes.use(plan("no vms"));
    failSave = new UsageError("CANNOT_SAVE", 'VM "vm1" runs');
    await run(course, withVms.test("first"));
    failSave = undefined;
    expect(await run(course, root.test("second"))).toEqual([
      "restart",
      "set up no vms",
      "save no vms",
      "restore no vms",
    ]);
    expect(await run(course, root.test("third"))).toEqual(["restore no vms"]);
    // What the test before left was neither cleaned up nor put back.
    expect(await run(course, withVms.test("fourth"))).toEqual([
      'say "two vms" is reached by booting, because VM "vm1" runs',
      ...["restart", "set up two vms"],
    ]);
    expect((await run(course, withVms.test("fifth"))).filter((step) => !step.startsWith("say"))).toEqual([
      "undo",
      "set up two vms",
    ]);
  });

  test("leave a device that cannot be saved at home as it is, and say so", async () => {
    const scopes = new FromScopes(tree);
    const root = makeBlock();
    const from = makeBlock(root.block);
    root.block.children.push(from.block);
    tree.describeStarted(from.block);
    scopes.use(plan("no vms"));
    tree.describeFinished();
    const plain = [root.test("plain"), root.test("plain again")];
    const course = courseOf(scopes, { timeline: { ...timeline, savesRunningVms: false } as unknown as Timeline });
    await run(course, plain[0]!);
    failSave = new UsageError("CANNOT_SAVE", 'VM "vm1" runs');
    expect(await run(course, from.test("from"))).toEqual([
      "save before the tests",
      'say tests find what those before them left, the device could not be saved: VM "vm1" runs',
      ...["restart", "set up no vms", "save no vms"],
      'say "no vms" is reached by booting, the device could not be saved: VM "vm1" runs',
    ]);
    expect(await run(course, plain[1]!)).toEqual(["undo"]);
  });

  test("a home that cannot be saved in an inner block is not the outer one's, and goes with its block", async () => {
    const root = makeBlock();
    const inner = makeBlock(root.block);
    root.block.children.push(inner.block);
    const tests = [root.test("a"), inner.test("b"), inner.test("c"), root.test("d")] as const;
    const course = courseOf(new FromScopes(tree), {
      isolation: "test",
      timeline: { ...timeline, savesRunningVms: false } as unknown as Timeline,
    });
    expect(await run(course, tests[0])).toEqual(["save before the tests"]);
    course.beforeAllRan(inner.block);
    failSave = new UsageError("CANNOT_SAVE", 'VM "vm1" runs');
    expect((await run(course, tests[1])).at(0)).toBe("save before the tests");
    // Not the outer one, which has not what the hook made.
    expect(await course.testStarts(tests[2])).toBe(false);
    expect(steps.at(-1)).toBe("undo");
    course.blockEnds(inner.block);
    expect(await course.testStarts(tests[3])).toBe(true);
    expect(steps.at(-1)).toBe("restore before the tests");
  });

  test("find what an earlier run kept", async () => {
    const { scopes, tests } = fileFrom(1);
    await timeline.save("two vms", "key of two vms");
    expect(await run(courseOf(scopes), tests[0]!)).toEqual(["restore two vms"]);
  });

  test("make it again if the kept one is unusable", async () => {
    const { scopes, tests } = fileFrom(1);
    await timeline.save("two vms", "key of two vms");
    failRestore = new InfrastructureError("SNAPSHOT_UNUSABLE", "damaged");
    expect(await run(courseOf(scopes), tests[0]!)).toEqual([
      "restore two vms",
      'say "two vms" is made again, because what was kept of it cannot be used: damaged',
      ...["drop two vms", "restart", "set up two vms", "save two vms", "restore two vms"],
    ]);
  });

  test("boot if the device cannot be saved, and report it once", async () => {
    const { scopes, tests } = fileFrom(2);
    const course = courseOf(scopes);
    failSave = new InfrastructureError("STATE_NOT_SAVED", "no such luck");
    expect(await run(course, tests[0]!)).toEqual([
      ...["set up two vms", "save two vms"],
      'say "two vms" is reached by booting, the device could not be saved: no such luck',
    ]);
    const again = await run(course, tests[1]!);
    expect(again.filter((step) => !step.startsWith("say"))).toEqual(["restart", "set up two vms"]);
  });

  test("boot on a device without checkpoints: what was made before is removed first", async () => {
    const { scopes, tests } = fileFrom(2);
    const course = courseOf(scopes, { timeline: undefined });
    const said = 'say "two vms" is reached by booting, because the device does not support checkpoints';
    expect(await run(course, tests[0]!)).toEqual([said, "undo", "set up two vms"]);
    expect(await run(course, tests[1]!)).toEqual(["undo", "set up two vms"]);
  });

  test("policy fresh: each from the beginning, by all steps", async () => {
    const { scopes, tests } = fileFrom(2);
    const course = courseOf(scopes, { policy: "fresh" });
    expect(await run(course, tests[0]!)).toEqual(["set up two vms"]);
    expect(await run(course, tests[1]!)).toEqual(["restart", "set up two vms"]);
  });

  test("policy dirty: the first is restored, the others find what it left", async () => {
    const { scopes, tests } = fileFrom(2);
    const course = courseOf(scopes, { policy: "dirty" });
    expect(await run(course, tests[0]!)).toEqual(["set up two vms", "save two vms", "restore two vms"]);
    expect(await run(course, tests[1]!)).toEqual([]);
  });

  test("policy dirty: after steps that failed, the next test does not find the half of them, but goes through all", async () => {
    const { scopes, tests } = fileFrom(2);
    let failures = 1;
    const setUp = async ({ name }: CheckpointPlan): Promise<void> => {
      steps.push(`set up ${name}`);
      if (failures-- > 0) throw new Error("no");
    };
    const course = courseOf(scopes, { policy: "dirty", setUp });
    await expect(course.testStarts(tests[0]!)).rejects.toThrow("no");
    expect(await run(course, tests[0]!)).toEqual([...["restart", "set up two vms", "save two vms", "restore two vms"]]);
    expect(await run(course, tests[1]!)).toEqual([]);
  });
});

describe("a file that has other tests as well", () => {
  test("those find the device as hooks and tests before them left it", async () => {
    const scopes = new FromScopes(tree);
    const root = makeBlock();
    const inner = makeBlock(root.block);
    const plain = [root.test("plain 1"), root.test("plain 2")];
    tree.describeStarted(inner.block);
    scopes.use(plan("inner"));
    tree.describeFinished();
    const started = inner.test("from");
    const course = courseOf(scopes);
    course.beforeAllRan(root.block);
    expect(await run(course, plain[0]!)).toEqual([]);
    expect(await run(course, started)).toEqual([
      ...["save before the tests", "restart", "set up inner", "save inner", "restore inner"],
    ]);
    expect(await run(course, plain[1]!)).toEqual(["restore before the tests"]);
  });

  test("nothing is saved if no test uses it", async () => {
    const scopes = new FromScopes(tree);
    const root = makeBlock();
    const inner = makeBlock(root.block);
    const plain = root.test("plain");
    tree.describeStarted(inner.block);
    scopes.use(plan("inner"));
    tree.describeFinished();
    const course = courseOf(scopes);
    expect(await run(course, plain)).toEqual([]);
    expect(await run(course, inner.test("from"))).toEqual(["restart", "set up inner", "save inner", "restore inner"]);
  });
});

describe("isolation of each test", () => {
  test("each starts as hooks before all left the device; hooks of a block are its own", async () => {
    const scopes = new FromScopes(tree);
    const root = makeBlock();
    const outer = [root.test("1"), root.test("2")];
    const inner = makeBlock(root.block);
    const within = [inner.test("3"), inner.test("4")];
    const last = root.test("5");
    const course = courseOf(scopes, { isolation: "test" });
    course.beforeAllRan(root.block);
    expect(await run(course, outer[0]!)).toEqual(["save before the tests"]);
    expect(await run(course, outer[1]!)).toEqual(["restore before the tests"]);
    await course.blockStarts(inner.block);
    expect(steps.at(-1)).toBe("restore before the tests");
    course.beforeAllRan(inner.block);
    expect(await run(course, within[0]!)).toEqual(["save before the tests"]);
    expect(await run(course, within[1]!)).toEqual(["restore before the tests"]);
    course.blockEnds(inner.block);
    expect(await run(course, last)).toEqual(["restore before the tests"]);
  });

  test("on a device without checkpoints there is none, which is reported once", async () => {
    const scopes = new FromScopes(tree);
    const root = makeBlock();
    const course = courseOf(scopes, { isolation: "test", timeline: undefined });
    const [first, second] = [root.test("1"), root.test("2")];
    expect(await run(course, first)).toEqual([
      "say this device does not support checkpoints: its tests find what those before them left",
    ]);
    expect(await run(course, second)).toEqual([]);
  });
});

test("from may be what checkpoint() returned, and nothing else", () => {
  const scopes = new FromScopes(tree);
  expect(() => scopes.use("two vms")).toThrow(expect.objectContaining({ code: "BAD_FROM" }));
});

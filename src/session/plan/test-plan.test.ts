import { expect, test } from "@jest/globals";
import type { Circus } from "@jest/types";
import { parseRequirements } from "../../lab/requirements/index.js";
import { SuiteTree } from "./suite-tree.js";
import { fullName, TestPlan } from "./test-plan.js";

const block = (name: string, parent?: Circus.DescribeBlock): Circus.DescribeBlock =>
  ({ type: "describeBlock", name, parent }) as Circus.DescribeBlock;
const file = block("ROOT_DESCRIBE_BLOCK");
const outer = block("outer", file);
const inner = block("inner", outer);
const testIn = (parent: Circus.DescribeBlock): Circus.TestEntry =>
  ({ type: "test", name: "t", parent }) as Circus.TestEntry;

test("a test requires what its file, the blocks around it, the nearest first, and its own declaration do", () => {
  const tree = new SuiteTree();
  const plan = new TestPlan(tree, parseRequirements("protected"), new Set(), new Set());
  const textsOf = (entry: Circus.TestEntry): readonly string[] => plan.requirementsOf(entry).map(({ text }) => text);
  const ownEntry = testIn(inner);
  plan.requires(["non-protected"]);
  tree.describeStarted(outer);
  plan.requires(["sdk>=34", "vmm=crosvm"]);
  tree.describeStarted(inner);
  plan.requires(["ro.build.type=userdebug"]);
  plan.requires(["sdk>=35"]);
  const own = plan.requires(["sdk>=36"]);
  plan.declare({ fixtures: new Map(), names: [], requirements: [own] }, () => plan.testAdded(ownEntry));
  tree.describeFinished();
  tree.describeFinished();
  const ofInner = ["ro.build.type=userdebug", "sdk>=35"];
  expect(textsOf(ownEntry)).toEqual(["protected", ...ofInner, "sdk>=34", "vmm=crosvm", "non-protected", "sdk>=36"]);
  expect(textsOf(testIn(inner))).toEqual(["protected", ...ofInner, "sdk>=34", "vmm=crosvm", "non-protected"]);
  expect(textsOf(testIn(outer))).toEqual(["protected", "sdk>=34", "vmm=crosvm", "non-protected"]);
  expect(textsOf(testIn(file))).toEqual(["protected", "non-protected"]);
});

test("the name of a test has those of the blocks around it, and not the file's", () => {
  expect([fullName(testIn(inner)), fullName(testIn(file))]).toEqual(["outer inner t", "t"]);
});

test("a test that Jest refuses to add changes nothing of the one that was added last", () => {
  const itself = { setUp: () => undefined, needs: [], replaces: undefined };
  const plan = new TestPlan(new SuiteTree(), [], new Set([itself]), new Set([itself]));
  const last = testIn(file);
  plan.testAdded(last);
  const nested = { fixtures: new Map([["device", itself]]), names: ["device"], requirements: [] };
  plan.declare(nested, () => plan.testAdded(last));
  expect([plan.occurrenceOf(last), plan.needsDevice(last)]).toEqual([1, false]);
});

/** Suites in every form that Jest's `test` takes. `body` is what turns a function of a row into what `test` takes. */

/** The same for Jest's own `test`, and for ours: what becomes of the tests is to be the same. */
const FORMS = `
class Named {}
function named() {}
test(Named, body(() => undefined));
test(named, body(() => undefined));
test(42, body(() => undefined));
test("sync", body(() => { expect(1).toBe(1); }));
test("sync that throws", body(() => { throw new Error("x"); }));
test("async", body(async () => { await null; }));
test("async that rejects", body(async () => { await null; expect(1).toBe(2); }));
test("with a time", body(() => new Promise(() => undefined)), 50);
test.each([[1, 2, 3], [2, 2, 5]])("%i + %i = %s, row %# or %$, 100 %%", body((a, b, sum) => { expect(a + b).toBe(sum); }));
test.each([1, "x%d", null])("value %p", body((value) => { expect(value).toBeTruthy(); }));
test.each([{ a: 1, b: { c: "d" } }, { a: 2, b: { c: "e" } }])("$a and $b.c, row $#", body(({ a }) => { expect(a).toBe(1); }));
test.each([[]])("an empty row", body((...row) => { expect(row).toEqual([]); }));
test.each\`
  a    | b      | sum
  \${1} | \${2} | \${3}
  \${1} | \${2} | \${4}
\`("$a + $b = $sum", body(({ a, b, sum }) => { expect(a + b).toBe(sum); }));
test.each([[1]])("%i with a time", body(() => new Promise(() => undefined)), 50);
test.each([])("a table of nothing", body(() => undefined));
test.each(7)("no table", body(() => undefined));
test.each\`
  a | b
  \${1}\`("a table with a hole", body(() => undefined));
test.skip("left out", body(() => { throw new Error("x"); }));
test.skip.each([[1], [2]])("left out %i", body(() => { throw new Error("x"); }));
test.skip.each\`
  a
  \${1}\`("left out, a = $a", body(() => { throw new Error("x"); }));
test.failing("fails", body(() => { throw new Error("x"); }));
test.failing("does not fail", body(() => undefined));
test.failing.each([[1], [2]])("%i fails", body((n) => { expect(n).toBe(1); }));
test.failing.each\`
  n
  \${1} \${2}\`("$n fails", body(({ n }) => { expect(n).toBe(1); }));
test.skip.failing("left out and fails", body(() => undefined));
test.skip.failing.each([[1]])("left out and fails %i", body(() => undefined));
test.todo("to do");
describe.each([["a", 1], ["b", 2]])("block %s", (_name, n) => {
  test("of " + n, body(() => { expect(n).toBe(1); }));
  test.each([[n]])("row %i", body((m) => { expect(m).toBe(n); }));
});
describe.each\`
  n
  \${1}
  \${2}\`("block $n", ({ n }) => test.each([1])("in it %i", body(() => { expect(n).toBe(1); })) );
describe.skip("left out", () => { test("in it", body(() => undefined)); });
`;

const FOCUSED = `
test("not looked at", body(() => undefined));
test.only("looked at", body(() => undefined));
test.only.each([[1], [2]])("looked at %i", body((n) => { expect(n).toBe(1); }));
test.only.each\`
  n
  \${3}\`("looked at, n = $n", body(({ n }) => { expect(n).toBe(3); }));
test.only.failing("looked at and fails", body(() => { throw new Error("x"); }));
test.only.failing.each([[1]])("looked at and fails %i", body(() => undefined));
`;

const OURS = `import { test, describe, expect } from "jest-avf"; const body = (work) => ({}, ...row) => work(...row);`;
const THEIRS = `import { test, describe, expect } from "@jest/globals"; const body = (work) => (...row) => work(...row);`;

const ours = (text: string): string => `import { test, describe, expect } from "jest-avf";\n${text}`;

/** Suites that cannot be defined, with what is said of that. */
export const REFUSED: readonly (readonly [file: string, suite: string, message: string])[] = [
  ["no-body", `test("x");`, "Missing second argument. It must be a callback function."],
  ["no-body-skip", `test.skip("x");`, "Missing second argument. It must be a callback function."],
  ["no-body-failing", `test.failing("x");`, "Missing second argument. It must be a callback function."],
  ["no-body-each", `test.each([1])("x %i");`, "Missing second argument. It must be a callback function."],
  ["no-function", `test("x", 7);`, "Invalid second argument, 7. It must be a callback function."],
  ["no-name", `test({}, () => undefined);`, "Invalid first argument, [object Object]. It must be a named class"],
  ["todo-body", `test.todo("x", () => undefined);`, "Todo must be called with only a description."],
  ["concurrent", `test.concurrent("x", async () => undefined);`, "test.concurrent does not work with fixtures"],
  ["concurrent-each", `test.concurrent.each([1])("x", async () => {});`, "test.concurrent does not work with fixtures"],
  ["concurrent-only", `test.concurrent.only.failing("x", () => {});`, "test.concurrent does not work with fixtures"],
  ["done", `test("x", (done) => done());`, "There is no `done` callback: return a promise"],
  ["generator", `test("x", function* ({ vmm }) { yield vmm; });`, `The function of test "x" is a generator`],
  ["bound", `test("x", (({ vmm }) => { vmm; }).bind(null));`, `Cannot tell which fixtures test "x" asks for`],
  [
    "tuple",
    `test.extend({ log: [async ({}, use) => use(1), { auto: true }] })("x", ({ log }) => { log; });`,
    'Fixture "log" is a list of a fixture and options (auto)',
  ],
  [
    "tuple-use",
    `test.use({ vmName: ["vm2", { option: true }] }); test("x", ({ vmName }) => { vmName; });`,
    'Fixture "vmName" is a list of a fixture and options (option)',
  ],
  ["from-fixture", `test("x", ({ from }) => { from; });`, 'There is no fixture "from", which test "x" asks for'],
  [
    "from-extend",
    `test.extend({ from: undefined })("x", () => undefined);`,
    "test.extend() cannot say where tests start from.",
  ],
  ["from-value", `test.use({ from: "vm1" });`, "test.use({ from }) takes what checkpoint(name, setUp) returns."],
];

export const FORM_SUITES: Readonly<Record<string, string>> = {
  "forms-ours.test.ts": OURS + FORMS,
  "forms-theirs.test.ts": THEIRS + FORMS,
  "focused-ours.test.ts": OURS + FOCUSED,
  "focused-theirs.test.ts": THEIRS + FOCUSED,
  "rows.test.ts": ours(`
    const withPair = test.extend({ pair: async ({}, use) => use({ small: 1, big: [2, 3] }) });
    withPair.each\`
  vm | reason
      \${"a"} | \${"b"}\`("$vm and $reason beside fixtures", async ({ vmm, pair: { small, big: [first] } }, { vm, reason }) => {
      expect([typeof vmm.create, small, first, vm, reason]).toEqual(["function", 1, 2, "a", "b"]);
    });
    withPair.each([["a", { b: "c" }]])("%s beside fixtures", ({ app, pair: { big: [, last = 0] } }, a, { b }) => {
      expect([typeof app.vmConfig, last, a, b]).toEqual(["function", 3, "a", "c"]);
    });`),
  "from.test.ts": `import { test, describe, expect, checkpoint } from "jest-avf";
    const ready = checkpoint("a VM is ready", ({ readyVm }) => void readyVm);
    test("starts from none", async ({ vmm, vmName }) => { expect([await vmm.get("vm1"), vmName]).toEqual([null, "vm1"]); });
    describe("from", () => {
      test.use({ from: ready, vmName: "other" });
      test("starts there", async ({ vmm, vmName }) => {
        expect([(await vmm.get("vm1"))?.status, vmName]).toEqual(["RUNNING", "other"]);
      });
      describe("undefined", () => {
        test.use({ from: undefined });
        test("starts from none", async ({ vmm, vmName }) => {
          expect([await vmm.get("vm1"), vmName]).toEqual([null, "other"]);
        });
      });
    });`,
  ...Object.fromEntries(REFUSED.map(([file, text]) => [`refused-${file}.test.ts`, ours(text)])),
};

import { expect, test } from "@jest/globals";
import { rerunCommand } from "./rerun.js";

// Jest takes both for patterns.
test.each([
  ["suites/a.test.ts", "vm1 greets", "npx jest suites/a.test.ts -t '^vm1 greets$'"],
  ["suites/c++.test.ts", "costs $5 (or less)", "npx jest 'suites/c\\+\\+.test.ts' -t '^costs \\$5 \\(or less\\)$'"],
  ["(group)/[id].test.ts", "x", "npx jest '\\(group\\)/\\[id\\].test.ts' -t '^x$'"],
])("a test of %s is run again by its own names, whatever they mean in an expression", (file, name, command) => {
  expect(rerunCommand(file, name)).toBe(command);
});

test("a project comes last, because Jest takes all that follows it as projects", () => {
  expect(rerunCommand("a.test.ts", "x", "on 17")).toBe("npx jest a.test.ts -t '^x$' --selectProjects 'on 17'");
});

test("a test that ran once more after a restore exists only where tests do so", () => {
  const command = "AVF_REPEAT=restored npx jest a.test.ts -t '^x \\(after a restore\\)$'";
  expect(rerunCommand("a.test.ts", "x (after a restore)")).toBe(command);
});

import { expect, test } from "@jest/globals";
import { runChildProject } from "./child-project.js";

/**
 * Steps that leave a mark on the device, and two tests that read it and leave their own. The suite prints what each test
 * found, and how often the steps had run before it. No VM is needed for that.
 */
const suite = (name: string, options: object): string => `
/** @jest-environment-options ${JSON.stringify(options)} */
const { checkpoint, test } = require("jest-avf");
const mark = (device, text) => device.exec(["sh", "-c", 'echo "$1" >/data/local/tmp/mark', "sh", text]);
let went = 0;
const marked = checkpoint("marked", async ({ device }) => {
  went += 1;
  await mark(device, "start");
});
test.use({ from: marked });
for (const name of ["first", "second"]) {
  test(name, async ({ device }) => {
    const found = (await device.exec(["cat", "/data/local/tmp/mark"])).stdout.trim();
    await mark(device, name);
    process.stdout.write("${name}, " + name + ": gone through " + went + ", found " + found + "\\n");
    went = 0;
  });
}
`;

test("a test reaches its checkpoint as the policy says: by all steps, restored, or as the previous test left it", () => {
  const files = {
    "fresh.test.js": suite("fresh", { policy: "fresh" }),
    "dirty.test.js": suite("dirty", { policy: "dirty" }),
    "repeated.test.js": suite("repeated", { repeat: "restored" }),
  };
  runChildProject(files, {}, ({ status, stdout, stderr }) => {
    expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringMatching(/^Tests: +8 passed/m) });
    const told = (name: string): readonly string[] =>
      stdout.split("\n").flatMap((line) => new RegExp(`^${name}, (.*)`).exec(line)?.[1] ?? []);
    expect(told("fresh")).toEqual(["first: gone through 1, found start", "second: gone through 1, found start"]);
    // Whether an earlier run has kept the checkpoint is another matter.
    const once: unknown = expect.stringMatching(/^first: gone through [01], found start$/);
    expect(told("dirty")).toEqual([once, "second: gone through 0, found first"]);
    expect(told("repeated")).toEqual([
      ...["first: gone through 1, found start", once],
      ...["second: gone through 1, found start", "second: gone through 0, found start"],
    ]);
    expect(stderr).toContain("second (after a restore)");
  });
});

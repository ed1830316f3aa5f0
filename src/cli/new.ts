/** `avf new suite NAME`: a suite that runs and passes as written. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { UsageError } from "../base/errors.js";

const NAME = /^[a-z0-9][a-z0-9-]{0,60}$/;

export async function run([kind, name, ...rest]: readonly string[]): Promise<number> {
  if (kind !== "suite" || name === undefined || rest.length > 0) {
    throw new UsageError("BAD_ARGUMENTS", "avf new makes suites.", { hint: "avf new suite NAME" });
  }
  if (!NAME.test(name)) {
    throw new UsageError("BAD_ARGUMENTS", `"${name}" cannot name a suite: small letters, digits and "-".`);
  }
  const folder = existsSync("suites") ? "suites" : ".";
  const file = join(process.cwd(), folder, `${name}.test.ts`);
  if (existsSync(file)) throw new UsageError("SUITE_EXISTS", `${relative(process.cwd(), file)} is there already.`);
  mkdirSync(dirname(file), { recursive: true });
  // "wx": never over a file that came into being since.
  writeFileSync(file, suiteText(name), { flag: "wx" });
  process.stdout.write(`${relative(process.cwd(), file)}\nRun it: npx avf test ${name}\n`);
  return 0;
}

function suiteText(name: string): string {
  return `import { expect, test } from "jest-avf";

test("${name}: the payload greets from its own machine", async ({ app, vmm }) => {
  const config = app.vmConfig("assets/vm_config.json").setMemoryBytes(192 << 20).build();
  const vm = await vmm.create("${name}", config);
  await vm.run();
  // Fails at once, with the last lines of the console, if the VM dies first.
  await expect(vm).toPrint(/Hello Microdroid/);
  await vm.stop();
  expect(vm).toHaveTransitions(["STOPPED", "RUNNING", "STOPPED"]);
});
`;
}

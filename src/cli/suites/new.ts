/** `avf new suite NAME`: a suite that runs and passes as written, in the language of the project. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { UsageError } from "../../base/errors.js";
import { parseCommandLine, unknownVerb } from "../command-line.js";
import { usageOf } from "../help.js";
import { findJestConfig } from "./jest-config.js";
import { dialectOf, javascriptDialectOf, type Dialect } from "./project/dialect.js";

const NAME = /^[a-z0-9][a-z0-9-]{0,60}$/;

export async function run([kind, ...args]: readonly string[]): Promise<number> {
  if (kind !== "suite") throw unknownVerb("new", kind, ["suite"]);
  const { values, positionals } = parseCommandLine("new suite", args, { least: 1, most: 1 });
  const [name = ""] = positionals;
  if (values.ts && values.js) {
    throw new UsageError("BAD_ARGUMENTS", "Give --ts or --js, not both.", { hint: usageOf("new suite") });
  }
  if (!NAME.test(name)) {
    throw new UsageError("BAD_ARGUMENTS", `"${name}" cannot name a suite: small letters, digits and "-" only.`);
  }
  const project = process.cwd();
  const folder = existsSync(join(project, "suites")) ? "suites" : ".";
  const dialect = values.ts ? "typescript" : values.js ? javascriptDialectOf(project) : dialectOf(project);
  const path = join(folder, `${name}.test.${dialect === "typescript" ? "ts" : "js"}`);
  const file = join(project, path);
  if (existsSync(file))
    throw new UsageError("SUITE_EXISTS", `${path} is there already.`, { hint: "take another name" });
  mkdirSync(dirname(file), { recursive: true });
  // "wx": never over a file that came into being since.
  writeFileSync(file, suiteText(name, dialect), { flag: "wx" });
  process.stdout.write(`${path}\nRun it:  npx avf test ${name}\n`);
  tellAboutConfig(project);
  return 0;
}

/** With a configuration of its own, a project says itself which APKs its suites get. */
function tellAboutConfig(project: string): void {
  const config = findJestConfig(project);
  if (config === undefined) return;
  process.stdout.write(
    [
      `The suite needs the sample APK. If ${relative(project, config)} names no APK yet, add to it:`,
      `  preset: "jest-avf",`,
      `  testEnvironmentOptions: { apks: ["node_modules/jest-avf/fixtures/MicrodroidTestApp.apk"] },`,
      "",
    ].join("\n"),
  );
}

function suiteText(name: string, dialect: Dialect): string {
  const header =
    dialect === "commonjs"
      ? `const { expect, test } = require("jest-avf");`
      : `import { expect, test } from "jest-avf";`;
  return `${header}

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

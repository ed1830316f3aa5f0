/** `preset: "jest-avf"`: all that a project's Jest configuration needs, besides the APKs of its suites. */
import type { Config } from "@jest/types";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import vm from "node:vm";
import { DEFAULT_TEST_TIMEOUT_MS } from "./bridge.js";
import { ownRecordsPattern } from "./run/own-records.js";

/**
 * How suites are turned into JavaScript. Types are the compiler's business, not the test run's, so the project's own
 * tsconfig.json does not count here: its target may be older than what the names of fixtures are read from.
 */
const TYPESCRIPT = {
  diagnostics: false,
  tsconfig: {
    target: "es2022",
    module: "commonjs",
    moduleResolution: "node10",
    isolatedModules: true,
    esModuleInterop: true,
    allowJs: true,
    inlineSourceMap: true,
    inlineSources: true,
  },
};

const OURS = join(__dirname, "suite-transform.js");
/** This library, where it lies outside of node_modules: as a link to a checkout, or a workspace's package. */
const LIBRARY = `^${escapeRegExp(join(__dirname, ".."))}/`;
const BABEL_CONFIGS = [
  ".babelrc",
  ...["js", "cjs", "mjs", "json", "cts"].flatMap((ending) => [`babel.config.${ending}`, `.babelrc.${ending}`]),
];

const preset: Config.InitialOptions = {
  testEnvironment: join(__dirname, "environment.js"),
  // All that concerns a run as a whole is its business: a project's own setup, teardown and reporters take nothing away.
  runner: join(__dirname, "run/runner.js"),
  // Jest adds these to a project's own, and watches nothing of it either.
  modulePathIgnorePatterns: [ownRecordsPattern(process.cwd())],
  setupFilesAfterEnv: [join(__dirname, "setup-matchers.js")],
  testTimeout: DEFAULT_TEST_TIMEOUT_MS,
  resolver: join(__dirname, "suite-resolver.js"),
  transform: { ...javascript(), ...typescript() },
  // Jest's own, and this library.
  transformIgnorePatterns: ["/node_modules/", "\\.pnp\\.[^/]+$", LIBRARY],
  // With `automock` it would be a mock as all that a suite imports.
  unmockedModulePathPatterns: [LIBRARY],
  // Jest's own, unless a history is kept. Like `reporters` it counts for a single project only.
  testSequencer: join(__dirname, "run/sequencer.js"),
  // For a project that names none; Jest takes no heed of it where several projects share a configuration.
  reporters: ["default", join(__dirname, "../reporter/jest-reporter.js")],
};

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** A project that has set Babel up relies on it. */
function javascript(): NonNullable<Config.InitialOptions["transform"]> {
  return { "^.+\\.[cm]?jsx?$": usesBabel(process.cwd()) ? "babel-jest" : OURS };
}

function usesBabel(folder: string): boolean {
  if (BABEL_CONFIGS.some((name) => existsSync(join(folder, name)))) return true;
  try {
    return "babel" in (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as object);
  } catch {
    return false;
  }
}

/** ts-jest where a project has it; under these settings it makes no ES modules, which Jest asks for where Node has them. */
function typescript(): NonNullable<Config.InitialOptions["transform"]> {
  const files = "^.+\\.[cm]?tsx?$";
  if ("SyntheticModule" in vm) return { [files]: OURS };
  try {
    return { [files]: [require.resolve("ts-jest", { paths: [process.cwd(), __dirname] }), TYPESCRIPT] };
  } catch {
    return { [files]: OURS };
  }
}

export = preset;

/** `preset: "jest-avf"`: all that a project's Jest configuration needs, besides the APKs of its suites. */
import type { Config } from "@jest/types";
import { join } from "node:path";
import { DEFAULT_TEST_TIMEOUT_MS } from "./bridge.js";

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

const preset: Config.InitialOptions = {
  testEnvironment: join(__dirname, "environment.js"),
  globalSetup: join(__dirname, "global-setup.js"),
  globalTeardown: join(__dirname, "global-teardown.js"),
  setupFilesAfterEnv: [join(__dirname, "setup-matchers.js")],
  testTimeout: DEFAULT_TEST_TIMEOUT_MS,
  ...typescript(),
};

/** A project without ts-jest has no TypeScript. */
function typescript(): Pick<Config.InitialOptions, "transform"> {
  try {
    const tsJest = require.resolve("ts-jest", { paths: [process.cwd(), __dirname] });
    return { transform: { "^.+\\.[cm]?tsx?$": [tsJest, TYPESCRIPT], "^.+\\.[cm]?jsx?$": "babel-jest" } };
  } catch {
    return {};
  }
}

export = preset;

/** `preset: "jest-avf"`: all that a project's Jest configuration needs, besides the APKs of its suites. */
import type { Config } from "@jest/types";
import { join } from "node:path";

/** A VM boots in seconds; on a busy machine that emulates all of it, in many. */
const TEST_TIMEOUT_MS = 180_000;

const preset: Config.InitialOptions = {
  testEnvironment: join(__dirname, "environment.js"),
  globalSetup: join(__dirname, "global-setup.js"),
  globalTeardown: join(__dirname, "global-teardown.js"),
  setupFilesAfterEnv: [join(__dirname, "setup-matchers.js")],
  testTimeout: TEST_TIMEOUT_MS,
  ...typescript(),
};

/** Types are the compiler's business; here each file is only turned into JavaScript. Projects without ts-jest have none. */
function typescript(): Pick<Config.InitialOptions, "transform"> {
  try {
    const tsJest = require.resolve("ts-jest", { paths: [process.cwd(), __dirname] });
    return { transform: { "^.+\\.[cm]?tsx?$": [tsJest, { diagnostics: false }], "^.+\\.[cm]?jsx?$": "babel-jest" } };
  } catch {
    return {};
  }
}

export = preset;

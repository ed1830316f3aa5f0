/** @jest-config-loader esbuild-register */
import type { Config } from "jest";
import { build } from "./src/cli/build.cjs";
import { withCheckoutLock } from "./src/cli/checkout-lock.cjs";

const typescript: Config["transform"] = {
  "^.+\\.ts$": ["ts-jest", { tsconfig: "<rootDir>/tsconfig.json", diagnostics: false }],
};
/** Packages that exist only as ES modules and can live in Jest's sandbox once they are turned into CommonJS. */
const esModules = "(p-retry|is-network-error)";

const unit: Config["projects"] = [
  {
    displayName: "unit",
    rootDir: ".",
    testMatch: ["<rootDir>/src/**/*.test.ts"],
    testEnvironment: "<rootDir>/src/jest/testing/unit-environment.ts",
    transform: {
      ...typescript,
      [`/node_modules/${esModules}/.+\\.js$`]: "<rootDir>/src/jest/testing/es-module-transform.cjs",
    },
    transformIgnorePatterns: [`/node_modules/(?!${esModules}/)`],
    moduleNameMapper: {
      "^(\\.{1,2}/.*)\\.js$": "$1",
      "^execa$": "<rootDir>/src/jest/testing/outer-execa.cjs",
    },
    modulePathIgnorePatterns: ["<rootDir>/dist"],
  },
];

/** The device's side of the tests: they run against dist/, through the same preset as a user's own suites. */
const suites: Config["projects"] = [
  {
    displayName: "suites",
    rootDir: ".",
    preset: "jest-avf",
    testMatch: ["<rootDir>/suites/**/*.test.ts"],
    testEnvironmentOptions: { apks: ["fixtures/MicrodroidTestApp.apk"] },
  },
];

export default async (): Promise<Config> => {
  await withCheckoutLock(__dirname, build);
  return {
    projects: [...unit, ...suites],
    reporters: ["default", "<rootDir>/dist/reporter/closing-line.js"],
    // Of the unit tests; the preset has its own for suites.
    testTimeout: 30_000,
  };
};

/** @jest-config-loader esbuild-register */
import type { Config } from "jest";
import type { AndroidRelease } from "./src/base/android-release.js";
import type { Monitor } from "./src/base/vm/monitors.js";

// CommonJS but for the types, so that Node 22 and 24 load it without a loader, and without a warning about it.
/* eslint-disable @typescript-eslint/no-require-imports */
const { build } = require("./tools/build.cjs") as typeof import("./tools/build.cjs");
const { withCheckoutLock } = require("./tools/checkout-lock.cjs") as typeof import("./tools/checkout-lock.cjs");

/** As tsconfig.json, but that `import()` becomes `require`: Jest's sandbox knows no other. */
const tsconfig = {
  target: "es2022",
  module: "commonjs",
  moduleResolution: "node10",
  esModuleInterop: true,
  isolatedModules: true,
};
const typescript: Config["transform"] = { "^.+\\.ts$": ["ts-jest", { tsconfig, diagnostics: false }] };
/** Packages that exist only as ES modules and can live in Jest's sandbox once they are turned into CommonJS. */
const esModules = "(p-retry|is-network-error)";

type Project = Exclude<NonNullable<Config["projects"]>[number], string>;

/** Tests that start whole programs, such as a Jest of their own, again and again: `npm run test:slow`. */
const SLOW = ".slow.test.ts";

const unitTests = (displayName: string, testMatch: readonly string[], left: readonly string[] = []): Project => {
  return {
    displayName,
    rootDir: ".",
    testMatch: [...testMatch],
    testPathIgnorePatterns: ["/node_modules/", ...left],
    // The runner of the suites, because Jest runs the projects of different runners one after the other.
    runner: "<rootDir>/dist/jest/run/runner.js",
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
  };
};

/**
 * Against the programs that manage labs: `npm run test:lab` passes their paths in these variables, and AVF_TEST_LAB says that
 * nothing else is to run. Empty: the program is not available, and its tests are left out.
 */
const LABS = { labgrid: "AVF_LABGRID", stf: "AVF_PRISM", cuttlefish: "AVF_ORCHESTRATOR" };
const withLab = process.env["AVF_TEST_LAB"] !== undefined;
const present = Object.entries(LABS).filter(([, variable]) => process.env[variable]);

const unit: readonly Project[] = [
  unitTests(
    "unit",
    ["<rootDir>/{src,tools}/**/*.test.ts"],
    [`${SLOW.replaceAll(".", "\\.")}$`, `/src/lab/(${Object.keys(LABS).join("|")})/testing/`],
  ),
  unitTests("unit-slow", [`<rootDir>/{src,tools}/**/*${SLOW}`]),
];

const lab: readonly Project[] = [
  unitTests(
    "lab",
    present.map(([name]) => `<rootDir>/src/lab/${name}/testing/**/*.test.ts`),
  ),
];

/**
 * The device's side of the tests: they run against dist/, through the same preset as a user's own suites. For time's sake
 * the files of a project share a device; leaks of each test are still checked.
 */
const onDevice = {
  rootDir: ".",
  preset: "jest-avf",
  testEnvironmentOptions: { apks: ["fixtures/MicrodroidTestApp.apk"], isolation: "worker" },
} as const;

/** VMs that are copies where there are templates, on a device with one processor: less work for as many tests. */
const FRUGAL = { vmTemplates: true, deviceCpus: 1 } as const;

/** Suites about how a VM boots, on devices with default options unless others are set. */
const BOOTED = ["two-vms", "guest/cpu-memory"];

/** The inside of guests, and VMs that are not Microdroid: `npm run test:slow`. */
const GUESTS = ["guest", "custom", "custom-vms"];

const suites: Config["projects"] = [
  ...(triesBothVmms() ? [...suitesOn("", "qemu"), ...suitesOn("-crosvm", "crosvm")] : suitesOn("")),
  ...(choosesRelease() ? [] : dialects().map(lifecycleOn)),
];

/** The oldest and the newest, because all other suites use the default; each of them for `npm run test:releases`. */
function dialects(): readonly AndroidRelease[] {
  return testsAllReleases() ? [13, 14, 15, 16, 17] : [13, 17];
}

function testsAllReleases(): boolean {
  return process.env["AVF_TEST_RELEASES"] === "all";
}

/** If there is a crosvm, unless one monitor is selected. A real device has its own. */
function triesBothVmms(): boolean {
  const { ANDROID_SERIAL, AVF_CROSVM = "", AVF_MONITOR = "", AVF_VMM = "" } = process.env;
  return ANDROID_SERIAL === undefined && AVF_CROSVM !== "" && AVF_MONITOR === "" && AVF_VMM === "";
}

function suitesOn(suffix: string, vmm?: Monitor): readonly Project[] {
  const testEnvironmentOptions = { ...onDevice.testEnvironmentOptions, ...(vmm === undefined ? {} : { monitor: vmm }) };
  const frugal = { ...testEnvironmentOptions, ...FRUGAL };
  const inGuests = GUESTS.map((folder) => `${folder}/.*`);
  return [
    {
      ...onDevice,
      displayName: `suites${suffix}`,
      testMatch: ["<rootDir>/suites/**/*.test.ts"],
      testPathIgnorePatterns: patternsOf([...BOOTED, ...inGuests, "runs/.*", "releases/.*"]),
      testEnvironmentOptions: frugal,
    },
    {
      ...onDevice,
      displayName: `suites-guest${suffix}`,
      testMatch: [`<rootDir>/suites/{${GUESTS.join()}}/**/*.test.ts`],
      testPathIgnorePatterns: patternsOf(BOOTED),
      testEnvironmentOptions: frugal,
    },
    {
      ...onDevice,
      displayName: `suites-booted${suffix}`,
      testMatch: BOOTED.map((name) => `<rootDir>/suites/${name}.test.ts`),
      testEnvironmentOptions,
    },
  ];
}

function patternsOf(names: readonly string[]): string[] {
  return names.map((name) => `^<rootDir>/suites/${name}\\.test\\.ts$`);
}

/**
 * Suites about whole runs, as users start them: they have devices of their own. Such a run has time limits itself, and only
 * it can say what it waited for: this limit is longer.
 */
const runs: Project = {
  ...onDevice,
  displayName: "runs",
  testMatch: ["<rootDir>/suites/runs/**/*.test.ts"],
  testTimeout: 600_000,
};

/** A real device has a fixed release, and `AVF_RELEASE` selects a single one. */
function choosesRelease(): boolean {
  return process.env["ANDROID_SERIAL"] !== undefined || process.env["AVF_RELEASE"] !== undefined;
}

/** The suites about options and output of `vm`, which pass in each of its dialects. */
function lifecycleOn(release: AndroidRelease): Project {
  return {
    ...onDevice,
    displayName: `suites-android-${release}`,
    testMatch: [
      "<rootDir>/suites/lifecycle/{console-input,model,tool-options}.test.ts",
      "<rootDir>/suites/{exit-payload,isolation,transitions}.test.ts",
      ...(testsAllReleases() ? ["<rootDir>/suites/releases/*.test.ts"] : []),
    ],
    testEnvironmentOptions: { ...onDevice.testEnvironmentOptions, release, ...FRUGAL },
  };
}

module.exports = async (): Promise<Config> => {
  await withCheckoutLock(__dirname, build);
  return {
    projects: withLab ? [...lab] : [...unit, runs, ...suites],
    testSequencer: "<rootDir>/src/jest/testing/by-project-sequencer.cjs",
    reporters: ["default", "<rootDir>/dist/reporter/jest-reporter.js"],
    // Of the unit tests; the preset has its own for suites.
    testTimeout: 30_000,
  };
};

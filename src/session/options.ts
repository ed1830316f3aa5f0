/** `testEnvironmentOptions` of the environment, checked. */
import { resolve } from "node:path";
import { ANDROID_RELEASES, isAndroidRelease, type AndroidRelease } from "../base/android-release.js";
import { UsageError } from "../base/errors.js";
import { isMonitor, listMonitors, type Monitor } from "../base/vm/monitors.js";
import { anyOf } from "../base/text/word-list.js";
import { parseDeviceMatch } from "../lab/sources/device-match.js";
import { labAddress } from "../lab/sources/lab-address.js";
import type { Isolation, Policy } from "./checkpoints/course.js";
import { parseSerials } from "../lab/sources/device-source.js";
import type { Requirement } from "../lab/requirements/index.js";

export interface EnvironmentOptions {
  /** APKs on the host to install before the file's first test: paths and patterns, relative to `rootDir`. */
  readonly apks: readonly string[];
  /** An `AndroidTest.xml` whose preparers run before. */
  readonly androidTest: string | undefined;
  /** Real devices to use, by serial; empty: the emulated device. */
  readonly serials: readonly string[];
  /** The lab that devices are leased from: `labgrid://HOST:PORT/?place=NAME`. Serials win over it. */
  readonly devices: string | undefined;
  /** What a real device must have to be used, when several were asked for or the wrong one may be attached. */
  readonly match: readonly Requirement[];
  /** Android release that the emulated device shows; undefined: `AVF_RELEASE`, else the default. */
  readonly release: AndroidRelease | undefined;
  /** What VMs of the emulated device run on; undefined: `AVF_MONITOR`, else crosvm where the image has one, else QEMU. */
  readonly monitor: Monitor | undefined;
  /** VMs of the emulated device are copied from templates instead of booted, where QEMU runs them. */
  readonly vmTemplates: boolean;
  /** Processors of the emulated device. Default: 2. */
  readonly deviceCpus: 1 | 2;
  /** How long to wait for a real device that another run uses. */
  readonly leaseTimeoutMs: number;
  /** What a test that leaves something behind is: failed, reported, or not looked at. */
  readonly leaks: "fail" | "warn" | "off";
  /** Further attempts at a test that a broken lab made fail. */
  readonly retryInfrastructure: number;
  /** `eager`: the device is leased before the file runs, for suites whose use of `useAvf()` cannot be seen in their text. */
  readonly lease: "lazy" | "eager";
  /** How far a device is as it was: a pristine one for each file, or test, or one for all files of a worker. Default: file. */
  readonly isolation: Isolation;
  /** How tests get to the checkpoint they start from. Default: restored. */
  readonly policy: Policy;
  /** Runs each test once more after a restore, to prove that it does not matter. */
  readonly repeat: boolean;
  /** Module whose `openHarness()` takes the place of a device: for tests of this layer itself. */
  readonly harnessModule: string | undefined;
}

const KNOWN = [
  ...[
    "apks",
    "androidTest",
    "serial",
    "devices",
    "device",
    "release",
    "monitor",
    "vmTemplates",
    "deviceCpus",
    "leaseTimeoutMs",
  ],
  ...["leaks", "retryInfrastructure", "lease"],
  ...["isolation", "policy", "repeat"],
];
/** Accepted, but not listed for users: the former name of `monitor`, those of Jest's own environment, and of our tests. */
const UNTOLD = ["vmm", "globalsCleanup", "customExportConditions", "harnessModule"];
const DEFAULT_LEASE_TIMEOUT_MS = 10 * 60_000;
const MAX_RETRIES = 10;

/** @throws UsageError that names the option; `ANDROID_SERIAL` wins over `serial`, `AVF_DEVICES` over `devices` */
export function readOptions(raw: Readonly<Record<string, unknown>>, rootDir: string): EnvironmentOptions {
  for (const name of Object.keys(raw)) {
    if (![...KNOWN, ...UNTOLD].includes(name)) throw badOption(name, "is not known", `Known: ${KNOWN.join(", ")}.`);
  }
  const {
    release,
    monitor = raw["vmm"],
    vmTemplates = false,
    deviceCpus = 2,
    leaseTimeoutMs = DEFAULT_LEASE_TIMEOUT_MS,
  } = raw;
  if (release !== undefined && !isAndroidRelease(release)) {
    throw badOption("release", `must be one of ${ANDROID_RELEASES.join(", ")}`);
  }
  if (monitor !== undefined && !isMonitor(monitor)) {
    throw badOption("monitor", `must be ${listMonitors((name) => JSON.stringify(name))}`);
  }
  if (typeof vmTemplates !== "boolean") throw badOption("vmTemplates", "must be true or false");
  if (deviceCpus !== 1 && deviceCpus !== 2) throw badOption("deviceCpus", "must be 1 or 2");
  if (typeof leaseTimeoutMs !== "number" || !(leaseTimeoutMs > 0)) {
    throw badOption("leaseTimeoutMs", "must be a positive number");
  }
  const { leaks = "fail", retryInfrastructure = 1, lease = "lazy" } = raw;
  if (leaks !== "fail" && leaks !== "warn" && leaks !== "off") {
    throw badOption("leaks", 'must be "fail", "warn" or "off"');
  }
  if (lease !== "lazy" && lease !== "eager") throw badOption("lease", 'must be "lazy" or "eager"');
  if (!isCount(retryInfrastructure))
    throw badOption("retryInfrastructure", `must be a number from 0 to ${MAX_RETRIES}`);
  const inRoot = (path: string): string => resolve(rootDir, path.replace(/^<rootDir>\/?/, ""));
  const androidTest = readText(raw, "androidTest");
  const harnessModule = readText(raw, "harnessModule");
  return {
    apks: readList(raw, "apks").map((pattern) => pattern.replace(/^<rootDir>\/?/, "")),
    androidTest: androidTest === undefined ? undefined : inRoot(androidTest),
    serials: parseSerials(process.env["ANDROID_SERIAL"] ?? readText(raw, "serial")),
    devices: labAddress(readText(raw, "devices")),
    match: parseDeviceMatch(raw["device"]),
    release,
    monitor,
    vmTemplates,
    deviceCpus,
    leaseTimeoutMs,
    ...{ leaks, retryInfrastructure, lease },
    isolation: readChoice(raw, "isolation", "AVF_ISOLATION", ["file", "worker", "test"]) ?? "file",
    policy: readChoice(raw, "policy", "AVF_POLICY", ["restored", "fresh", "dirty"]) ?? "restored",
    repeat: readChoice(raw, "repeat", "AVF_REPEAT", ["restored"]) !== undefined,
    harnessModule: harnessModule === undefined ? undefined : inRoot(harnessModule),
  };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MAX_RETRIES;
}

function readText(raw: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = raw[name];
  if (value === undefined || typeof value === "string") return value;
  throw badOption(name, "must be a string");
}

/** The variable wins. */
function readChoice<T extends string>(
  raw: Readonly<Record<string, unknown>>,
  name: string,
  variable: string,
  choices: readonly T[],
): T | undefined {
  const fromEnvironment = process.env[variable];
  const value = fromEnvironment === undefined || fromEnvironment === "" ? readText(raw, name) : fromEnvironment;
  if (value === undefined || choices.includes(value as T)) return value as T | undefined;
  throw badOption(name, `must be ${anyOf(choices)}; it is ${JSON.stringify(value)}`, `It may come from ${variable}.`);
}

function readList(raw: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const value = raw[name] ?? [];
  if (typeof value === "string") return [value];
  if (Array.isArray(value) && value.every((entry): entry is string => typeof entry === "string")) return value;
  throw badOption(name, "must be a string or a list of strings");
}

function badOption(name: string, problem: string, hint?: string): UsageError {
  return new UsageError("BAD_OPTION", `testEnvironmentOptions.${name} ${problem}.`, { hint });
}

/**
 * Configs of earlier releases, brought into the form of later ones: the first API (July 2021) and Android 13 both wrote
 * version 1; versions up to 8 had no `os`. Keys that have no successor stay in the bundle.
 */
import { KEPT_APART } from "./keys.js";
import { CPU_TOPOLOGY_MATCH_HOST, CPU_TOPOLOGY_ONE_CPU, DEBUG_LEVEL_FULL, DEBUG_LEVEL_NONE } from "../../constants.js";
import { DEFAULT_OS } from "../config-builder.js";
import { libraryOf } from "../release-of.js";
import { IllegalArgumentException, requireNonNull } from "../../errors.js";
import { bundleReader } from "./bundle-fields.js";
import type { AndroidRelease } from "../../../base/android-release.js";
import type { Bundle, BundleValue } from "./persistable-bundle.js";

/** The last version without `os`. Android itself refuses such a file since it asks for one. */
const LAST_WITHOUT_OS = 8;

/** @throws IllegalArgumentException for a version from the future; NullPointerException when a required key is missing */
export function upgradeBundle(bundle: Bundle, release: AndroidRelease): Bundle {
  const version = bundleReader(bundle).int("version");
  const current = libraryOf(release).configXmlVersion;
  if (version > current) {
    throw new IllegalArgumentException(`Version ${version} too high; current is ${current}`);
  }
  const hasOs = libraryOf(release).configXmlKeys.includes("os");
  if (version === 1) return isFirstApi(bundle) ? fromFirstApi(bundle, hasOs) : fromAndroid13(bundle, hasOs);
  return version > 1 && version <= LAST_WITHOUT_OS ? withSuccessors(bundle, hasOs) : bundle;
}

/** The first API knew these four keys only; Android 13 always writes a debug level. */
function isFirstApi(bundle: Bundle): boolean {
  return !["debugLevel", "protectedVm", "numCpus", "certs"].some((key) => bundle.has(key));
}

/** It ran everything debuggable and unprotected, and its console could always be read. */
function fromFirstApi(bundle: Bundle, hasOs: boolean): Bundle {
  requireKeys(bundle, ["apkPath", "idsigPath", "payloadConfigPath"]);
  return withSuccessors(bundle, hasOs, { debugLevel: int(DEBUG_LEVEL_FULL), vmOutputCaptured: boolean(true) });
}

function fromAndroid13(bundle: Bundle, hasOs: boolean): Bundle {
  const isCustom = bundleReader(bundle).bundle(KEPT_APART)?.has("customImageConfig") === true;
  if (!isCustom) requireKeys(bundle, ["payloadConfigPath"]);
  const level = bundleReader(bundle).int("debugLevel");
  // Ordinals of NONE, APP_ONLY, FULL. APP_ONLY went away; what it made debuggable is debuggable under FULL.
  if (level < 0 || level > 2) throw new IllegalArgumentException(`Invalid debugLevel: ${level}`);
  const debugLevel = level === 0 ? DEBUG_LEVEL_NONE : DEBUG_LEVEL_FULL;
  return withSuccessors(bundle, hasOs, { debugLevel: int(debugLevel), vmOutputCaptured: boolean(level !== 0) });
}

/** `numCpus` became `cpuTopology`, `memoryMib` became `memoryBytes`; without `os` it can only be Microdroid. */
function withSuccessors(bundle: Bundle, hasOs: boolean, overrides: Readonly<Record<string, BundleValue>> = {}): Bundle {
  const read = bundleReader(bundle);
  const upgraded = new Map([...bundle, ...Object.entries(overrides)]);
  if (hasOs && !bundle.has("os")) upgraded.set("os", { type: "string", value: DEFAULT_OS });
  if (bundle.has("numCpus") && !bundle.has("cpuTopology")) {
    upgraded.set("cpuTopology", int(read.int("numCpus") > 1 ? CPU_TOPOLOGY_MATCH_HOST : CPU_TOPOLOGY_ONE_CPU));
  }
  if (bundle.has("memoryMib") && !bundle.has("memoryBytes")) {
    upgraded.set("memoryBytes", { type: "long", value: BigInt(read.int("memoryMib")) << 20n });
  }
  upgraded.delete("numCpus");
  upgraded.delete("memoryMib");
  return upgraded;
}

function requireKeys(bundle: Bundle, keys: readonly string[]): void {
  for (const key of keys) requireNonNull(bundleReader(bundle).string(key), key);
}

const int = (value: number): BundleValue => ({ type: "int", value });
const boolean = (value: boolean): BundleValue => ({ type: "boolean", value });

/** `pm list …` and `pm has-feature`. */
import type { Caller } from "../../caller.js";
import type { PackageStore } from "../../packages/package-store.js";
import { takeOptions } from "./options.js";

/** What this device can do that Android has a feature name for. */
const FEATURES: readonly string[] = ["android.software.virtualization_framework"];

export function listPackages(packages: PackageStore, caller: Caller, args: readonly string[]): number {
  const { flags, positionals } = takeOptions(args, {
    flags: ["-f", "-3", "-s", "-U", "-e", "-d", "-a", "-u", "--show-versioncode", "--apex-only"],
    valued: ["--user", "--uid"],
  });
  const filter = positionals[0] ?? "";
  for (const record of packages.list()) {
    if (!record.name.includes(filter)) continue;
    if (flags.has("-3") && record.system) continue;
    if (flags.has("-s") && !record.system) continue;
    if (flags.has("-d") || flags.has("--apex-only")) continue;
    const path = flags.has("-f") && record.codePath !== undefined ? `${record.codePath}=` : "";
    const version = flags.has("--show-versioncode") ? ` versionCode:${record.versionCode}` : "";
    const uid = flags.has("-U") ? ` uid:${record.uid}` : "";
    caller.print(`package:${path}${record.name}${version}${uid}`);
  }
  return 0;
}

export function listFeatures(caller: Caller): number {
  for (const feature of FEATURES) caller.print(`feature:${feature}`);
  return 0;
}

export function hasFeature(caller: Caller, [feature]: readonly string[]): number {
  if (feature === undefined) {
    caller.printError("Error: expected FEATURE name");
    return 1;
  }
  const has = FEATURES.includes(feature);
  caller.print(String(has));
  return has ? 0 : 1;
}

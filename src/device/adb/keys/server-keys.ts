/** The keys with which this user's adb servers show who they are. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { openAdbServer } from "../server/server.js";
import { androidPublicKey } from "./android-key.js";
import { homeOfAccount } from "./server-home.js";

/** Of the server in use, which is started for that: its key is made then. Lines of `adb_keys`; without them nobody gets in. */
export async function readAdbKeys(): Promise<readonly string[]> {
  await openAdbServer();
  return adbKeysOf([process.env, ...serverEnvironments()]);
}

/** Where adb looks: `~/.android/adbkey`, and files, or folders of `*.adb_key`, that `ADB_VENDOR_KEYS` names. */
export function adbKeysOf(environments: readonly NodeJS.ProcessEnv[]): readonly string[] {
  const files = environments.flatMap(({ HOME = homeOfAccount(), ADB_VENDOR_KEYS }) => [
    ...(HOME === undefined ? [] : [join(HOME, ".android/adbkey")]),
    ...(ADB_VENDOR_KEYS ?? "").split(":").filter(Boolean).flatMap(vendorKeys),
  ]);
  const keys = [...new Set(files)].flatMap((file) => {
    const pem = readOr(file);
    return (pem === undefined ? undefined : androidPublicKey(pem)) ?? [];
  });
  return [...new Set(keys)];
}

function vendorKeys(path: string): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path)
      .filter((name) => name.endsWith(".adb_key"))
      .map((name) => join(path, name));
  } catch {
    return [];
  }
}

/** A server that runs already may have another home than we: those of this user are asked. */
function serverEnvironments(): readonly NodeJS.ProcessEnv[] {
  if (!existsSync("/proc/self")) return [];
  const own = process.geteuid?.();
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return processes.flatMap((pid) => {
    if (readOr(`/proc/${pid}/comm`)?.trim() !== "adb" || ownerOf(`/proc/${pid}`) !== own) return [];
    const entries = (readOr(`/proc/${pid}/environ`) ?? "").split("\0").map((entry) => {
      const at = entry.indexOf("=");
      return [entry.slice(0, at), entry.slice(at + 1)] as const;
    });
    return [Object.fromEntries(entries.filter(([name]) => name === "HOME" || name === "ADB_VENDOR_KEYS"))];
  });
}

function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    return undefined;
  }
}

function readOr(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

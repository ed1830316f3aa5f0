/** What an APK carries for a VM: native libraries by ABI, payload configs. */
import { isApkError, type ApkError } from "./apk-error.js";
import { parsePayloadConfig, type PayloadConfig } from "./payload-config.js";
import type { Zip } from "./zip/zip.js";

export interface NamedPayloadConfig {
  /** Entry name, e.g. `assets/vm_config.json`. */
  readonly path: string;
  readonly config: PayloadConfig;
}

const LIBRARY = /^lib\/([^/]+)\/([^/]+\.so)$/;
const CONFIG = /^assets\/[^/]*\.json$/;
const MAX_CONFIG_BYTES = 1024 * 1024;
const MAX_CONFIGS = 256;

/** File names below `lib/<abi>/`, sorted, by ABI. */
export function nativeLibraries(zip: Pick<Zip, "entries">): ReadonlyMap<string, readonly string[]> {
  const libraries = new Map<string, string[]>();
  for (const name of [...zip.entries.keys()].sort()) {
    const [, abi, file] = LIBRARY.exec(name) ?? [];
    if (!abi || !file) continue;
    const known = libraries.get(abi);
    if (known) known.push(file);
    else libraries.set(abi, [file]);
  }
  return libraries;
}

/**
 * JSON files in `assets/` that are payload configs with a task; others are left out, for apps keep other JSON there.
 * @throws ApkError for the first that cannot be taken out of the archive
 */
export async function payloadConfigs(zip: Zip): Promise<readonly NamedPayloadConfig[]> {
  const { configs, refused } = await findPayloadConfigs(zip);
  if (refused[0]) throw refused[0];
  return configs;
}

/** The same, with those that cannot be taken out of the archive, and why. */
export async function findPayloadConfigs(
  zip: Zip,
): Promise<{ readonly configs: readonly NamedPayloadConfig[]; readonly refused: readonly ApkError[] }> {
  const paths = [...zip.entries.keys()].filter((name) => CONFIG.test(name)).sort();
  const configs: NamedPayloadConfig[] = [];
  const refused: ApkError[] = [];
  for (const path of paths.slice(0, MAX_CONFIGS)) {
    try {
      const config = parsePayloadConfig(await zip.read(path, { maxBytes: MAX_CONFIG_BYTES }), { name: path });
      if (config.task) configs.push({ path, config });
    } catch (error) {
      if (!isApkError(error)) throw error;
      if (error.code !== "BAD_PAYLOAD_CONFIG" && error.code !== "LIMIT_EXCEEDED") refused.push(error);
    }
  }
  return { configs, refused };
}

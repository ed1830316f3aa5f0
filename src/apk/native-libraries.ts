/** What an APK carries for a VM: native libraries by ABI, payload configs. */
import { isApkError } from "./apk-error.js";
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

/** JSON files in `assets/` that are payload configs with a task; others are left out, for apps keep other JSON there. */
export async function payloadConfigs(zip: Zip): Promise<readonly NamedPayloadConfig[]> {
  const paths = [...zip.entries.keys()].filter((name) => CONFIG.test(name)).sort();
  const found: NamedPayloadConfig[] = [];
  for (const path of paths.slice(0, MAX_CONFIGS)) {
    try {
      const config = parsePayloadConfig(await zip.read(path, { maxBytes: MAX_CONFIG_BYTES }), { name: path });
      if (config.task) found.push({ path, config });
    } catch (error) {
      if (!isApkError(error) || (error.code !== "BAD_PAYLOAD_CONFIG" && error.code !== "LIMIT_EXCEEDED")) throw error;
    }
  }
  return found;
}

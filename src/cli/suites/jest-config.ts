/** Which Jest configuration Jest itself would take, looking from a folder upwards. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const CONFIG_NAMES = ["js", "ts", "mjs", "mts", "cjs", "cts", "json"].map((ending) => `jest.config.${ending}`);

/** Path of the configuration; undefined where Jest would go by its defaults. */
export function findJestConfig(folder: string): string | undefined {
  for (let current = folder; ; current = dirname(current)) {
    const name = CONFIG_NAMES.find((each) => existsSync(join(current, each)));
    if (name !== undefined) return join(current, name);
    const manifest = join(current, "package.json");
    // Jest looks no further up than the first package.json.
    if (existsSync(manifest)) return hasJestKey(manifest) ? manifest : undefined;
    if (dirname(current) === current) return undefined;
  }
}

function hasJestKey(manifest: string): boolean {
  try {
    return "jest" in (JSON.parse(readFileSync(manifest, "utf8")) as object);
  } catch {
    return false;
  }
}

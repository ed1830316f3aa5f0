/** What `avf apk` and `avf idsig` share besides the shape of their answers: keys, SDK numbers. */
import { readFile } from "node:fs/promises";
import { loadSigningKey, type SigningKey } from "../../apk/index.js";
import { UsageError } from "../../base/errors.js";

/** Undefined when no key is given. */
export async function readSigningKey(
  keyPath: string | undefined,
  certificatePath: string | undefined,
): Promise<SigningKey | undefined> {
  if (keyPath === undefined) {
    if (certificatePath !== undefined) throw new UsageError("MISSING_KEY", "--cert needs --key");
    return undefined;
  }
  const certificate = certificatePath === undefined ? undefined : await readFile(certificatePath);
  return loadSigningKey(await readFile(keyPath), { certificate });
}

export function parseSdk(text = "35"): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new UsageError("BAD_SDK", `--sdk is a number such as 35, not ${text}`);
}

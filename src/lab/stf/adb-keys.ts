/** STF lets an adb server in by its key, which has to be known as one of the account that has the device. */
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { describeError } from "../../base/errors.js";
import { adbServerIsElsewhere, readAdbKeys } from "../../device/index.js";
import type { StfUser } from "./api/answers.js";
import type { StfServer } from "./api/server.js";
import type { TakeOptions } from "./take-device.js";

export const KEY_HINT =
  "STF may not know the adb key of the adb server used here as this account's (Settings > Keys > ADB Keys there), or may know it as another account's";

/** Those of this host's adb servers; none when the one in use is on another host, where they lie. */
export async function readServerKeys(): Promise<readonly string[]> {
  return adbServerIsElsewhere() ? [] : readAdbKeys();
}

/** Tells STF those of the keys that it does not know yet; it keeps them. */
export async function shareAdbKeys(
  server: StfServer,
  user: StfUser,
  keys: readonly string[],
  { signal, onWait }: Pick<TakeOptions, "signal" | "onWait">,
): Promise<void> {
  for (const key of keys.filter((each) => user.adbKeys?.includes(fingerprint(each)) !== true)) {
    try {
      const title = `jest-avf@${hostname()}`;
      if (await server.addAdbKey(`${key} ${title}`, title, signal)) continue;
      return onWait(`STF at ${server.host} takes no adb keys from programs; it has to know ours already`);
    } catch (error) {
      signal.throwIfAborted();
      onWait(`STF at ${server.host} may not know the adb key of this host: ${describeError(error)}`);
    }
  }
}

/** As STF shows keys: MD5 of the key's bytes. */
function fingerprint(key: string): string {
  const digest = createHash("md5").update(Buffer.from(key, "base64")).digest("hex");
  return digest.match(/../g)?.join(":") ?? "";
}

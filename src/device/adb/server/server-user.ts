/** Whose adb server it is: each user's has a key of its own, and a device lets in those whose keys it knows. */
import { readFileSync, statSync } from "node:fs";
import { listeningUsers } from "../../../base/text/listening-ports.js";
import { adbServerAddress, describeAddress, type AdbServerAddress } from "./server-address.js";

/** On a server of another user of this host: who, and how to get one of one's own. Undefined: it is ours, or not known. */
export function describeForeignServer(address = adbServerAddress()): string | undefined {
  const self = process.geteuid?.();
  const users = self === undefined ? [] : usersOf(address);
  if (self === undefined || users.length === 0 || users.includes(self)) return undefined;
  return (
    `the adb server at ${describeAddress(address)} is that of another user (uid ${users.join(", ")}) and has another key; ` +
    "ANDROID_ADB_SERVER_PORT=5038 uses one of your own"
  );
}

function usersOf(address: AdbServerAddress): readonly number[] {
  if ("spec" in address) {
    const uid = statSync(address.path, { throwIfNoEntry: false })?.uid;
    return uid === undefined ? [] : [uid];
  }
  if (!/^(127\.|localhost$|::1$)/.test(address.host)) return [];
  const users = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) => listeningUsers(readOr(path), address.port));
  return [...new Set(users)];
}

/** Empty on systems other than Linux. */
function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

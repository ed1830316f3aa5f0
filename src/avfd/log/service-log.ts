/**
 * The device's log as Android's service writes it: all under one tag, and what a line is about before it, as `android_logger`
 * does it for a tag that was set (AOSP virtualizationmanager/src/main.rs).
 */
import { traitsOf, type AndroidRelease } from "../../base/android-release.js";
import type { LogBuffer, LogPriority } from "./log-buffer.js";

export type ServiceModule = "aidl" | "crosvm";

/** @param requester whose process writes it; undefined: the service itself */
export function writeServiceLog(
  log: LogBuffer,
  release: AndroidRelease,
  [priority, module, message]: readonly [LogPriority, ServiceModule, string],
  requester?: { readonly pid: number; readonly uid: number },
): void {
  const { tag, crate } = traitsOf(release).service.log;
  const source = requester && { pid: requester.pid, uid: requester.uid };
  log.write(priority, tag, `${crate}::${module}: ${message}`, source);
}

/** As the service names who a VM belongs to: by user, where it has a name. */
export function userName(uid: number): string {
  if (uid === 0) return "root";
  if (uid === 2000) return "shell";
  const [user, app] = [Math.floor(uid / 100_000), uid % 100_000];
  return app >= 10_000 && app < 20_000 ? `u${user}_a${app - 10_000}` : String(uid);
}

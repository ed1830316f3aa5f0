/**
 * The device's log as Android's service writes it: all under one tag, and what a line is about before it, as `android_logger`
 * does it for a tag that was set (AOSP virtualizationmanager/src/main.rs).
 */
import { basename } from "node:path";
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

/** What the service runs; 13 prints it as Rust prints a command, later ones the arguments as a list. */
export function runningLine(release: AndroidRelease, [program = "", ...args]: readonly string[]): string {
  if (release === 13) return `Running ${[program, ...args].map(quoted).join(" ")}`;
  return `Running ${basename(program)} with args: [${args.map(quoted).join(", ")}]`;
}

const quoted = (text: string): string => JSON.stringify(text);

const NOTIFIED = {
  ...{ started: "started payload", ready: "reported payload is ready" },
  ...{ finished: "finished payload", error: "encountered an error" },
} as const;

/** What a guest reported. */
export function notifiedLine(release: AndroidRelease, cid: number, kind: keyof typeof NOTIFIED): string {
  if (release > 13) return `VM with CID ${cid} ${NOTIFIED[kind]}`;
  return `VM having CID ${cid} ${kind === "ready" ? "payload is ready" : NOTIFIED[kind]}`;
}

/** As the service names who a VM belongs to: by user, where it has a name. */
export function userName(uid: number): string {
  if (uid === 0) return "root";
  if (uid === 2000) return "shell";
  const [user, app] = [Math.floor(uid / 100_000), uid % 100_000];
  return app >= 10_000 && app < 20_000 ? `u${user}_a${app - 10_000}` : String(uid);
}

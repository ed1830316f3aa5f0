/** The end of child processes together with their parent, however that ends. */
import { realpathSync } from "node:fs";
import { basename } from "node:path";
import { findProgram } from "./programs/find-program.js";
import { hostHelper } from "./host-helper.js";

let known: readonly string[] | undefined;

/**
 * Put before a command: the kernel sends SIGKILL to it when the process that started it dies. That is done by a program of
 * the device package or, where that is not installed, by util-linux's setpriv. None where there is neither: what is
 * started in the background then ends by an exit handler, which SIGKILL does not run.
 */
export function diesWithUs(): readonly string[] {
  return (known ??= process.platform === "linux" ? choose(findProgram("setpriv"), hostHelper()) : []);
}

/** Exported for tests. */
export function choose(setpriv: string | undefined, helper: string | undefined): readonly string[] {
  if (helper !== undefined) return [helper, "die-with-parent"];
  return setpriv === undefined || isBusybox(setpriv) ? [] : [setpriv, "--pdeathsig", "KILL", "--"];
}

/** Its applet of that name has no such option. */
function isBusybox(program: string): boolean {
  return basename(realpathSync(program)).startsWith("busybox");
}

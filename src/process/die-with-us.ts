/** The end of child processes together with their parent, however that ends. */
import { accessSync, constants, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { devicePackageFolder } from "../base/device-package.js";
import { findProgram } from "./find-program.js";

let known: readonly string[] | undefined;

/**
 * Put before a command: the kernel sends SIGKILL to it when the process that started it dies. That is util-linux's
 * setpriv or, on hosts without, a program of the device package. None where there is neither: what is started in the
 * background then ends by an exit handler, which SIGKILL does not run.
 */
export function diesWithUs(): readonly string[] {
  // A program of the device package is one of Linux.
  return (known ??= process.platform === "linux" ? choose(findProgram("setpriv"), devicePackageFolder()) : []);
}

/** Exported for tests. */
export function choose(setpriv: string | undefined, devicePackage: string | undefined): readonly string[] {
  if (setpriv !== undefined && !isBusybox(setpriv)) return [setpriv, "--pdeathsig", "KILL", "--"];
  const own = devicePackage === undefined ? undefined : join(devicePackage, "bin/die-with-parent");
  return own !== undefined && isExecutable(own) ? [own] : [];
}

/** Its applet of that name has no such option. */
function isBusybox(program: string): boolean {
  return basename(realpathSync(program)).startsWith("busybox");
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

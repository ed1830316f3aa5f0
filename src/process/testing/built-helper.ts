/** The device package's `host-helper`, compiled for tests. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { packageRoot } from "../../base/paths.js";
import { HOST_HELPER } from "../host-helper.js";

export interface BuiltHelper {
  /** Has it where the package has it. */
  readonly packageFolder: string;
  readonly program: string;
  remove(): void;
}

export function buildHostHelper(): BuiltHelper {
  const packageFolder = mkdtempSync(join(tmpdir(), "avf-helper-"));
  const program = join(packageFolder, HOST_HELPER);
  mkdirSync(dirname(program));
  execFileSync("gcc", ["-Wall", "-Wextra", "-Werror", "-o", program, join(packageRoot, "src/process/host-helper.c")]);
  return { packageFolder, program, remove: () => rmSync(packageFolder, { recursive: true, force: true }) };
}

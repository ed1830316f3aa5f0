/** Where programs of the host are. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where mke2fs is, outside many users' PATH. */
const SYSTEM_FOLDERS: readonly string[] = ["/usr/sbin", "/sbin"];

/** In PATH, or in a folder beside it. */
export function findProgram(program: string, besidePath: readonly string[] = SYSTEM_FOLDERS): string | undefined {
  return findProgramIn([...(process.env["PATH"] ?? "").split(delimiter).filter(Boolean), ...besidePath], program);
}

export function findProgramIn(folders: readonly string[], program: string): string | undefined {
  const names = process.platform === "win32" ? [`${program}.exe`, program] : [program];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

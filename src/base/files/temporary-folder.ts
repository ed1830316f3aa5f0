/** The folder for temporary files, `TMPDIR`: ours, Jest's, and the compiler's. */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { InfrastructureError } from "../errors.js";
import { inspectWritable } from "./writable.js";

/** @throws InfrastructureError when no file can be made there */
export function requireTemporaryFolder(folder = tmpdir()): string {
  const reason = existsSync(folder) ? inspectWritable(folder)?.reason : `${folder} is not there`;
  if (reason === undefined) return folder;
  const chosen = process.env["TMPDIR"] ? " (TMPDIR)" : "";
  throw new InfrastructureError("TEMPORARY_FOLDER", `There is no place for temporary files: ${reason}${chosen}.`, {
    hint: "name a folder that this user can write: TMPDIR=/path/to/folder",
  });
}

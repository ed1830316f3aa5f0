/** Puts a program or library into the tree of the device's files. */
import { chmod, copyFile, mkdir } from "node:fs/promises";
import { dirname } from "node:path";

/** Folders are made as needed. */
export async function install(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await copyFile(source, target);
  await chmod(target, 0o755);
}

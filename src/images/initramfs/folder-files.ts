/** A folder of this host as the files of an initramfs: folders, files, links as they are; what else there is, is left out. */
import { isUtf8 } from "node:buffer";
import { lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { describeError, UsageError } from "../../base/errors.js";
import type { InitramfsFile } from "./contents.js";

/** The archive is built in memory, and the VM has it twice in its own while it boots. */
const MAX_BYTES = 1 << 30;
const MAX_FILES = 200_000;

/**
 * By path, relative to the folder.
 * @param what it is to become; only an archive has limits
 * @throws UsageError naming what cannot be read
 */
export async function folderFiles(
  folder: string,
  what: "an initramfs" | "a disk" = "an initramfs",
): Promise<Map<string, InitramfsFile>> {
  const files = new Map<string, InitramfsFile>();
  let bytes = 0;
  const visit = async (prefix: string): Promise<void> => {
    for (const name of (await readable(folder, what, prefix, (path) => readdir(path))).sort()) {
      const path = prefix === "" ? name : `${prefix}/${name}`;
      const found = await readable(folder, what, path, (whole) => lstat(whole));
      const mode = found.mode & 0o7777;
      if (found.isDirectory()) {
        files.set(path, { folder: true, mode });
        await visit(path);
      } else if (found.isSymbolicLink()) {
        const target = await readable(folder, what, path, (whole) => readlink(whole, { encoding: "buffer" }));
        // A disk gets it as it is.
        if (what === "an initramfs" && !isUtf8(target)) {
          throw bad(folder, what, `has ${join(folder, path)}, a link to a path that is not UTF-8`);
        }
        files.set(path, { link: target.toString() });
      } else if (found.isFile()) {
        files.set(path, { file: join(folder, path), mode });
        bytes += found.size;
      }
      if (what === "an initramfs" && (bytes > MAX_BYTES || files.size > MAX_FILES)) {
        const hint = "--rootfs-as-disk makes a disk of it, as does mke2fs -d";
        throw bad(folder, what, `has more than ${MAX_BYTES >> 20} MiB or ${MAX_FILES} files`, hint);
      }
    }
  };
  await visit("");
  return files;
}

async function readable<T>(
  folder: string,
  what: string,
  path: string,
  read: (whole: string) => Promise<T>,
): Promise<T> {
  const whole = join(folder, path);
  return read(whole).catch((cause: unknown) => {
    // What stands for bytes that are no text: the name as it was read names nothing.
    if (path.includes("\ufffd")) throw bad(folder, what, `has ${whole}, whose name is not UTF-8`, undefined, cause);
    throw bad(folder, what, `has ${whole}, which cannot be read (${describeError(cause)})`, undefined, cause);
  });
}

function bad(folder: string, what: string, problem: string, hint?: string, cause?: unknown): UsageError {
  return new UsageError("BAD_IMAGE_FILE", `${folder} cannot be ${what}: it ${problem}.`, { hint, cause });
}

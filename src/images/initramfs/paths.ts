/** Paths within an archive. */
import { UsageError } from "../../base/errors.js";

/** The kernel refuses longer ones (PATH_MAX, with the zero at the end). */
const MAX_PATH_BYTES = 4095;

/** Relative, without steps upwards. @throws UsageError */
export function checkArchivePath(name: string): string {
  const path = name.replace(/^\/+/, "");
  const parts = path.split("/");
  const problem =
    path === "" || parts.includes("") || parts.includes(".") || parts.includes("..")
      ? "it is no plain path, as /etc/hosts is one"
      : path.includes("\0")
        ? "it has a zero byte"
        : Buffer.byteLength(path) > MAX_PATH_BYTES
          ? `it is longer than ${MAX_PATH_BYTES} bytes`
          : path === "TRAILER!!!"
            ? "it is the mark of the end of an archive"
            : undefined;
  if (problem === undefined) return path;
  throw new UsageError(
    "INITRAMFS_PATH",
    `The initramfs cannot have ${JSON.stringify(name.slice(0, 200))}: ${problem}.`,
  );
}

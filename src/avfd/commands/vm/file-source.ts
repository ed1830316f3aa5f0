/** A file that was opened with its caller's rights, as bytes for src/apk. */
import type { FileHandle } from "node:fs/promises";
import type { FileSource } from "../../../apk/index.js";

/** The handle stays the caller's to close. */
export async function fileHandleSource(file: FileHandle): Promise<FileSource> {
  const { size } = await file.stat();
  const close = async (): Promise<void> => undefined;
  return {
    fd: file.fd,
    size,
    read: async (offset, length) => {
      const bytes = Buffer.allocUnsafe(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

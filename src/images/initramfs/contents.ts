/** What a file of an initramfs may be given as. */
import { readFile, stat } from "node:fs/promises";
import type { CpioEntry } from "../../base/files/cpio.js";
import { UsageError } from "../../base/errors.js";

export type InitramfsFile =
  /** The content. Programs and scripts, by their first bytes, may be run. */
  | string
  | Uint8Array
  | { readonly content: string | Uint8Array; readonly mode?: number }
  /** A file of this host, with its content and whether it may be run. */
  | { readonly file: string; readonly mode?: number }
  /** A symbolic link, to a path of the guest. */
  | { readonly link: string }
  | { readonly folder: true; readonly mode?: number }
  /** A character device, as `{ major: 1, minor: 3 }` is `/dev/null`. */
  | { readonly major: number; readonly minor: number };

/** Sizes are eight hexadecimal digits; more than this no VM here has memory for. */
const MAX_FILE_BYTES = 1 << 30;
const MAX_LINK_BYTES = 4095;

export async function contentEntry(path: string, given: InitramfsFile): Promise<CpioEntry> {
  const file: unknown = given;
  if (typeof given === "string" || given instanceof Uint8Array) return fileEntry(path, given, undefined);
  if (typeof file !== "object" || file === null) throw bad(path, "is neither text, bytes nor a description of a file");
  if ("content" in given) return fileEntry(path, given.content, given.mode);
  if ("file" in given) return hostFile(path, given.file, given.mode);
  if ("link" in given) {
    if (given.link === "" || given.link.includes("\0") || Buffer.byteLength(given.link) > MAX_LINK_BYTES) {
      throw bad(path, `is a link to ${JSON.stringify(given.link.slice(0, 200))}, which is no path`);
    }
    return { kind: "link", path, target: given.link };
  }
  if ("folder" in given) return { kind: "folder", path, mode: checkMode(path, given.mode ?? 0o755) };
  if ("major" in given) {
    if (!isNumber(given.major, 0xfff) || !isNumber(given.minor, 0xfffff))
      throw bad(path, "is a device without numbers");
    return { kind: "device", path, major: given.major, minor: given.minor };
  }
  throw bad(path, "has none of content, file, link, folder, major and minor");
}

function fileEntry(path: string, given: string | Uint8Array, mode: number | undefined): CpioEntry {
  const content =
    typeof given === "string" ? Buffer.from(given) : Buffer.from(given.buffer, given.byteOffset, given.length);
  if (content.length > MAX_FILE_BYTES)
    throw bad(path, `has ${content.length} bytes; at most ${MAX_FILE_BYTES} are fine`);
  return { kind: "file", path, content, mode: checkMode(path, mode ?? (isProgram(content) ? 0o755 : 0o644)) };
}

async function hostFile(path: string, source: string, mode: number | undefined): Promise<CpioEntry> {
  const found = await stat(source).catch((cause: unknown) => {
    throw bad(path, `is to be ${source}, which cannot be read`, cause);
  });
  if (!found.isFile()) throw bad(path, `is to be ${source}, which is no file`);
  if (found.size > MAX_FILE_BYTES) throw bad(path, `has ${found.size} bytes; at most ${MAX_FILE_BYTES} are fine`);
  const content = await readFile(source).catch((cause: unknown) => {
    throw bad(path, `is to be ${source}, which cannot be read`, cause);
  });
  return { kind: "file", path, content, mode: checkMode(path, mode ?? ((found.mode & 0o111) === 0 ? 0o644 : 0o755)) };
}

function isProgram(content: Buffer): boolean {
  return content.subarray(0, 2).toString("latin1") === "#!" || content.subarray(0, 4).toString("latin1") === "\x7fELF";
}

function checkMode(path: string, mode: number): number {
  if (isNumber(mode, 0o7777)) return mode;
  throw bad(path, `has the mode ${mode}, which is no permissions`);
}

function isNumber(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most;
}

function bad(path: string, problem: string, cause?: unknown): UsageError {
  return new UsageError("INITRAMFS_FILE", `/${path} of the initramfs ${problem}.`, { cause });
}

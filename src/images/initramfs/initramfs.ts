/** An initramfs from files: what the kernel of a VM unpacks into its memory and starts `/init` of. */
import { cpioArchive, type CpioEntry } from "../../base/files/cpio.js";
import { UsageError } from "../../base/errors.js";
import { contentEntry, type InitramfsFile } from "./contents.js";
import { checkArchivePath } from "./paths.js";

export type { InitramfsFile } from "./contents.js";

export interface InitramfsOptions {
  /** Content by path in the guest, `init` or `/init`; folders on the way are made. */
  readonly files: Readonly<Record<string, InitramfsFile>> | ReadonlyMap<string, InitramfsFile>;
}

/** The kernel opens it as the first process's standard streams. */
const CONSOLE = "dev/console";

/**
 * The archive, not compressed: each kernel with initramfs unpacks it. All in it belongs to root. `/dev/console` is added,
 * for without it the output of `/init` goes nowhere.
 * @throws UsageError naming the path that is wrong
 */
export async function buildInitramfs({ files }: InitramfsOptions): Promise<Buffer> {
  const given: readonly (readonly [string, InitramfsFile])[] =
    files instanceof Map ? [...(files as ReadonlyMap<string, InitramfsFile>)] : Object.entries(files);
  const entries = new Map<string, CpioEntry>();
  for (const [name, file] of given) {
    const path = checkArchivePath(name);
    if (entries.has(path)) throw badPath(name, "is given twice");
    entries.set(path, await contentEntry(path, file));
  }
  if (!entries.has(CONSOLE)) entries.set(CONSOLE, { kind: "device", path: CONSOLE, major: 5, minor: 1 });
  return cpioArchive(withFolders(entries));
}

/** Parents come before what is in them; those that were not given are made. */
export function withFolders(entries: ReadonlyMap<string, CpioEntry>): readonly CpioEntry[] {
  const all = new Map<string, CpioEntry>();
  for (const path of [...entries.keys()].sort()) {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const parent = parts.slice(0, depth).join("/");
      const there = entries.get(parent) ?? all.get(parent) ?? { kind: "folder", path: parent };
      if (there.kind !== "folder") throw badPath(path, `lies in ${parent}, which is no folder`);
      all.set(parent, there);
    }
    all.set(path, entries.get(path)!);
  }
  return [...all.values()];
}

function badPath(path: string, problem: string): UsageError {
  return new UsageError("INITRAMFS_PATH", `The initramfs cannot have ${JSON.stringify(path)}: it ${problem}.`);
}

/** Archives in cpio's "newc" form, which is what a Linux kernel unpacks as its initramfs. */

export type CpioEntry =
  | { readonly kind: "folder"; readonly name: string; readonly mode?: number }
  | { readonly kind: "file"; readonly name: string; readonly content: Uint8Array; readonly mode?: number }
  | { readonly kind: "symlink"; readonly name: string; readonly target: string }
  | { readonly kind: "device"; readonly name: string; readonly major: number; readonly minor: number };

/** Bits of `st_mode` that tell the kind of a file. */
const kindBits = { folder: 0o040000, file: 0o100000, symlink: 0o120000, device: 0o020000 } as const;
const END_NAME = "TRAILER!!!";
const ALIGNMENT = 4;

/**
 * Writes the entries in the given order: a folder has to come before what lies in it. Everything belongs to root and
 * bears no time, so that the same input gives the same bytes.
 */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const parts: Buffer[] = [];
  // The kernel joins files of several links by their number; each entry of ours is a file of its own.
  let inode = 1;
  for (const entry of entries) parts.push(...writeEntry(entry, inode++));
  parts.push(...pack(END_NAME, { mode: 0, inode: 0, links: 1, major: 0, minor: 0 }, new Uint8Array()));
  return Buffer.concat(parts);
}

function writeEntry(entry: CpioEntry, inode: number): readonly Buffer[] {
  if (!/^[^/\0]+(\/[^/\0]+)*$/.test(entry.name)) throw new Error(`not a name for an archive: ${entry.name}`);
  const head = { inode, links: entry.kind === "folder" ? 2 : 1, major: 0, minor: 0 };
  switch (entry.kind) {
    case "folder":
      return pack(entry.name, { ...head, mode: kindBits.folder | (entry.mode ?? 0o755) }, new Uint8Array());
    case "file":
      return pack(entry.name, { ...head, mode: kindBits.file | (entry.mode ?? 0o644) }, entry.content);
    case "symlink":
      return pack(entry.name, { ...head, mode: kindBits.symlink | 0o777 }, Buffer.from(entry.target));
    case "device": {
      const { major, minor } = entry;
      return pack(entry.name, { ...head, mode: kindBits.device | 0o600, major, minor }, new Uint8Array());
    }
  }
}

interface Head {
  readonly mode: number;
  readonly inode: number;
  readonly links: number;
  readonly major: number;
  readonly minor: number;
}

/** Header, name and content, each padded to four bytes. */
function pack(name: string, head: Head, content: Uint8Array): readonly Buffer[] {
  const nameBytes = Buffer.from(`${name}\0`);
  const fields = [
    head.inode,
    head.mode,
    0, // uid
    0, // gid
    head.links,
    0, // mtime
    content.length,
    0, // major and minor of the device it lies on
    0,
    head.major,
    head.minor,
    nameBytes.length,
    0, // checksum, unused in this form
  ];
  const header = `070701${fields.map((field) => field.toString(16).toUpperCase().padStart(8, "0")).join("")}`;
  return [padded(Buffer.concat([Buffer.from(header), nameBytes])), padded(Buffer.from(content))];
}

function padded(bytes: Buffer): Buffer {
  const missing = (ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT;
  return missing === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(missing)]);
}

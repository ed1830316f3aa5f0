/** Archives in cpio's "newc" form, which the kernel unpacks as an initramfs. Format: Documentation of Linux, initramfs buffer format. */

export type CpioEntry =
  | { readonly kind: "folder"; readonly path: string; readonly mode?: number }
  | { readonly kind: "file"; readonly path: string; readonly content: Buffer; readonly mode?: number }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | { readonly kind: "device"; readonly path: string; readonly major: number; readonly minor: number };

export const NEWC_HEADER_BYTES = 110;
/** PATH_MAX: the kernel unpacks no longer names. */
export const NEWC_MAX_NAME_BYTES = 4096;
/** Name of the entry that ends an archive. */
export const NEWC_END = "TRAILER!!!";

const MAGIC = /^07070[12]$/;

const TYPE_BITS = { folder: 0o040000, file: 0o100000, link: 0o120000, device: 0o020000 } as const;

/** The whole archive. Paths are relative, parents come before what is in them; all belongs to root, without times. */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const parts: Buffer[] = [];
  entries.forEach((entry, index) => {
    const content = contentOf(entry);
    const mode = TYPE_BITS[entry.kind] | ("mode" in entry && entry.mode !== undefined ? entry.mode : 0o755);
    const device = entry.kind === "device" ? ([entry.major, entry.minor] as const) : ([0, 0] as const);
    parts.push(
      header(entry.path, { inode: index + 1, mode, size: content.length, device }),
      content,
      padding(content.length),
    );
  });
  parts.push(header(NEWC_END, { inode: 0, mode: 0, size: 0, device: [0, 0] }));
  return Buffer.concat(parts);
}

/** Whether the header of an entry begins there. */
export function isNewc(bytes: Buffer): boolean {
  return MAGIC.test(bytes.toString("latin1", 0, 6));
}

/** Of a whole header; NaN where there is no number. */
export function newcSizes(header: Buffer): { readonly fileBytes: number; readonly nameBytes: number } {
  const field = (index: number): number => {
    const text = header.toString("latin1", 6 + index * 8, 14 + index * 8);
    return /^[0-9A-Fa-f]{8}$/.test(text) ? Number.parseInt(text, 16) : NaN;
  };
  return { fileBytes: field(6), nameBytes: field(11) };
}

/** Headers with their names, and contents, are each padded to a multiple of four. */
export function newcPadded(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}

function contentOf(entry: CpioEntry): Buffer {
  if (entry.kind === "file") return entry.content;
  return entry.kind === "link" ? Buffer.from(entry.target) : Buffer.alloc(0);
}

interface HeaderFields {
  readonly inode: number;
  readonly mode: number;
  readonly size: number;
  readonly device: readonly [number, number];
}

function header(path: string, { inode, mode, size, device }: HeaderFields): Buffer {
  const name = Buffer.from(`${path}\0`);
  const fields = [inode, mode, 0, 0, 1, 0, size, 0, 0, ...device, name.length, 0];
  const text = `070701${fields.map((field) => field.toString(16).padStart(8, "0").toUpperCase()).join("")}`;
  const head = Buffer.concat([Buffer.from(text, "latin1"), name]);
  return Buffer.concat([head, padding(head.length)]);
}

function padding(length: number): Buffer {
  return Buffer.alloc(newcPadded(length) - length);
}

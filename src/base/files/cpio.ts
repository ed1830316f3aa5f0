/** Archives in cpio's "newc" form, which the kernel unpacks as an initramfs. Format: Documentation of Linux, initramfs buffer format. */

export type CpioEntry =
  | { readonly kind: "folder"; readonly path: string; readonly mode?: number }
  | { readonly kind: "file"; readonly path: string; readonly content: Buffer; readonly mode?: number }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | { readonly kind: "device"; readonly path: string; readonly major: number; readonly minor: number };

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
  parts.push(header("TRAILER!!!", { inode: 0, mode: 0, size: 0, device: [0, 0] }));
  return Buffer.concat(parts);
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

/** Headers with their names, and contents, are each padded to a multiple of four. */
function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}

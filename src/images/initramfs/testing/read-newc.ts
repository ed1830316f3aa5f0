/**
 * Reads an archive as the kernel's documentation of its initramfs buffer format has it
 * (Documentation/driver-api/early-userspace/buffer-format.rst), and believes nothing else of who wrote it.
 */
interface ReadEntry {
  readonly path: string;
  /** As `ls -l` has it: mode, numbers of a device, path, target of a link. */
  readonly text: string;
  readonly content: Buffer;
}

export function readNewc(archive: Buffer): readonly ReadEntry[] {
  const entries: ReadEntry[] = [];
  for (let at = 0; ;) {
    const field = (index: number): number =>
      Number.parseInt(archive.toString("latin1", at + 6 + index * 8, at + 14 + index * 8), 16);
    if (archive.toString("latin1", at, at + 6) !== "070701") throw new Error(`no header at ${at}`);
    const [mode, size, major, minor, nameBytes] = [1, 6, 9, 10, 11].map(field) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const nameAt = at + 110;
    const path = archive.toString("utf8", nameAt, nameAt + nameBytes - 1);
    if (archive[nameAt + nameBytes - 1] !== 0) throw new Error(`the name at ${nameAt} has no end`);
    const contentAt = align(nameAt + nameBytes);
    const content = archive.subarray(contentAt, contentAt + size);
    if (content.length !== size) throw new Error(`${path} is cut`);
    at = align(contentAt + size);
    if (path === "TRAILER!!!") {
      if (archive.length !== at) throw new Error(`${archive.length - at} bytes after the end`);
      return entries;
    }
    const device = (mode & 0o170000) === 0o020000 ? `${major},${minor} ` : "";
    const target = (mode & 0o170000) === 0o120000 ? ` -> ${content.toString()}` : "";
    entries.push({ path, content, text: `${permissions(mode)} ${device}${path}${target}` });
  }
}

const KINDS: Readonly<Record<number, string>> = { 0o040000: "d", 0o100000: "-", 0o120000: "l", 0o020000: "c" };

function permissions(mode: number): string {
  const bits = [...(mode & 0o777).toString(2).padStart(9, "0")].map((bit, at) => (bit === "1" ? "rwx"[at % 3] : "-"));
  return `${KINDS[mode & 0o170000] ?? "?"}${bits.join("")}`;
}

function align(at: number): number {
  return Math.ceil(at / 4) * 4;
}

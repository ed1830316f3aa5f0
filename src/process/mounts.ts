/** The file systems of this process, as proc(5) describes them under mountinfo. */
import { readFileSync, realpathSync } from "node:fs";

export interface Mount {
  readonly point: string;
  readonly type: string;
  /** Of the file system, e.g. `local_lock=all`. */
  readonly options: readonly string[];
  /** Of this mount of it, e.g. `noexec`. */
  readonly flags: readonly string[];
}

/**
 * The one that the folder lies on: the longest mount point above it, and of several at one point the last. Undefined where it
 * is not known, as in a chroot.
 */
export function mountOf(folder: string, mountinfo = readMounts()): Mount | undefined {
  let path: string;
  try {
    path = realpathSync(folder);
  } catch {
    return undefined;
  }
  return mountinfo
    .split("\n")
    .flatMap(parse)
    .filter(({ point }) => path === point || path.startsWith(point === "/" ? "/" : `${point}/`))
    .reduce<Mount | undefined>(
      (best, each) => (best && best.point.length > each.point.length ? best : each),
      undefined,
    );
}

/** As bytes, each a character: names are in no certain encoding. Nothing where there is no such file. */
export function readMounts(): string {
  try {
    return readFileSync("/proc/self/mountinfo", "latin1");
  } catch {
    return "";
  }
}

/** `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue` */
function parse(line: string): readonly Mount[] {
  const [before = "", after] = line.split(" - ");
  const [, , , , point, flags = ""] = before.split(" ");
  const [type, , options = ""] = after?.split(" ") ?? [];
  if (point === undefined || type === undefined) return [];
  return [{ point: unescape(point), type, options: options.split(","), flags: flags.split(",") }];
}

/** Spaces and the like are written in octal. */
function unescape(text: string): string {
  const bytes = text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/**
 * Whether a lock of the kernel (`flock`) on a file tells of a process that was under another kernel. On a disk of this host
 * it does: that kernel is gone. NFS passes locks on unless it is mounted with `nolock` or `local_lock`; others (9p,
 * virtiofs, FUSE, CIFS) may keep them to themselves, so that each of two hosts is given one and the same lock.
 */
import { readFileSync, realpathSync } from "node:fs";
import { hostname } from "node:os";
import { bootId, thisPlace } from "../identity.js";

/** Where a process lives, as its proof of life says it. */
export interface Whereabouts {
  /** See `ProcessIdentity`. */
  readonly place: string;
  readonly host: string;
  /** systemd's machine id; undefined where there is none. Containers may have that of their image. */
  readonly machine?: string | undefined;
}

/** Mounted by one kernel at a time. */
const OF_ONE_KERNEL = new Set(
  "ext2 ext3 ext4 xfs btrfs bcachefs zfs f2fs jfs reiserfs nilfs2 vfat exfat ntfs3 tmpfs ramfs overlay aufs".split(" "),
);

export function whereabouts(): Whereabouts {
  return { place: thisPlace(), host: hostname(), machine: machineId() };
}

/**
 * @param of undefined: not known
 * @param mountinfo see proc(5)
 */
export function locksTell(of: Partial<Whereabouts> | undefined, folder: string, mountinfo = readMounts()): boolean {
  if (of?.place?.split(" ")[0] === bootId()) return true;
  // An earlier boot of this machine is over.
  if (of?.machine !== undefined && of.machine === machineId() && of.host === hostname()) return true;
  const mount = mountOf(folder, mountinfo);
  if (mount === undefined) return false;
  if (OF_ONE_KERNEL.has(mount.type)) return true;
  if (mount.type !== "nfs" && mount.type !== "nfs4") return false;
  return !mount.options.some((option) => option === "nolock" || /^local_lock=(all|flock)$/.test(option));
}

interface Mount {
  readonly point: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** The one that the folder lies on: the longest mount point above it, and of several at one point the last. */
function mountOf(folder: string, mountinfo: string): Mount | undefined {
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

/** `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue` */
function parse(line: string): readonly Mount[] {
  const [before = "", after] = line.split(" - ");
  const point = before.split(" ")[4];
  const [type, , options = ""] = after?.split(" ") ?? [];
  if (point === undefined || type === undefined) return [];
  return [{ point: unescape(point), type, options: options.split(",") }];
}

/** Spaces and the like are written in octal. */
function unescape(text: string): string {
  const bytes = text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** As bytes, each a character: names are in no certain encoding. */
function readMounts(): string {
  return readOr("/proc/self/mountinfo", "latin1") ?? "";
}

function machineId(): string | undefined {
  return readOr("/etc/machine-id", "utf8")?.trim() || undefined;
}

function readOr(path: string, encoding: BufferEncoding): string | undefined {
  try {
    return readFileSync(path, encoding);
  } catch {
    return undefined;
  }
}

/**
 * Whether a lock of the kernel (`flock`) on a file tells of a process that was under another kernel. On a disk of this host
 * it does: that kernel is gone. NFS passes locks on unless it is mounted with `nolock` or `local_lock`; others (9p,
 * virtiofs, FUSE, CIFS) may keep them to themselves, so that each of two hosts is given one and the same lock.
 */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { bootId, thisPlace } from "../identity.js";
import { mountOf, readMounts } from "../mounts.js";

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

function machineId(): string | undefined {
  try {
    return readFileSync("/etc/machine-id", "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}

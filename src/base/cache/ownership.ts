/**
 * Whether nobody but this user can change what is in a folder. Programs are executed from the cache, and machines are
 * continued from it, so whoever can write there can do anything that its user can. The rules are those of OpenSSH for
 * `~/.ssh` (`safe_path` of auth.c): ours or root's all the way up, and not writable by others.
 */
import { lstatSync, readFileSync, realpathSync, type Stats } from "node:fs";
import { userInfo } from "node:os";
import { dirname, sep } from "node:path";
import { quoted } from "../text/quoted.js";

export interface OwnershipProblem {
  /** What is wrong, in a sentence. */
  readonly reason: string;
  /** What to type. */
  readonly fix: string;
}

/**
 * Undefined: it can be trusted, or is not there at all. On Windows files have access lists, which Node does not show: there
 * what lies in the user's own folder is trusted as Windows sets it up, for that user and administrators alone.
 */
export function inspectOwnership(path: string): OwnershipProblem | undefined {
  const self = process.geteuid?.();
  const real = self === undefined ? undefined : realPathOf(path);
  if (self === undefined || real === undefined) return undefined;
  const own = statOf(real);
  if (own !== undefined) {
    if (own.uid !== self && own.uid !== 0) return foreign(path, own, self);
    if (isWritableByOthers(own)) return open(path, own, `chmod -R go-w ${quoted(path)}`);
  }
  for (const folder of new Set([...foldersAbove(path), ...foldersAbove(real)])) {
    const above = statOf(folder);
    if (above === undefined || above.isSymbolicLink()) continue;
    if (!isTrusted(above.uid, self)) return foreign(folder, above, self);
    // In a sticky folder, such as /tmp, nobody renames what belongs to somebody else.
    if (isWritableByOthers(above) && (above.mode & 0o1000) === 0)
      return open(folder, above, `chmod go-w ${quoted(folder)}`, path);
  }
  return undefined;
}

function foreign(path: string, { uid, mode }: Stats, self: number): OwnershipProblem {
  const sudoUid = Number(process.env["SUDO_UID"] ?? "-1");
  const reason = `Bad owner or permissions on ${path}: it belongs to ${nameOf(uid)}, mode ${octal(mode)}, and this is ${nameOf(self)}`;
  if (self === 0 && uid === sudoUid) {
    return {
      reason,
      fix: "run it as that user, without sudo; or with a cache of root's own: AVF_CACHE_DIR=/root/.cache/jest-avf",
    };
  }
  return { reason, fix: "name a folder of your own: AVF_CACHE_DIR=/path/to/cache" };
}

function open(path: string, { mode, gid }: Stats, fix: string, cache = path): OwnershipProblem {
  const who = (mode & 0o002) !== 0 ? "everybody" : `group ${gid}`;
  const reason = `Bad owner or permissions on ${path}: mode ${octal(mode)} lets ${who} write to it`;
  const what = path === cache ? `${fix} if nobody else did; else remove it` : fix;
  return { reason, fix: `${what}; or name another folder: AVF_CACHE_DIR=/path/to/cache` };
}

function isWritableByOthers({ mode, uid, gid }: Stats): boolean {
  if ((mode & 0o002) !== 0) return true;
  return (mode & 0o020) !== 0 && gid !== 0 && !isPrivateGroup(uid, gid);
}

/** A group that has its user alone (Debian's user-private groups): the same number, and no further members. */
function isPrivateGroup(uid: number, gid: number): boolean {
  if (uid !== gid) return false;
  const [, , , members = ""] = lineOf("/etc/group", gid)?.split(":") ?? [];
  const user = lineOf("/etc/passwd", uid)?.split(":")[0];
  return members.split(",").every((member) => member === "" || member === user);
}

/** Root can do anything anyway. In a user namespace owners outside of it are all shown as one number: root's is, too. */
function isTrusted(uid: number, self: number): boolean {
  return uid === 0 || uid === self || (isMapped() && uid === OVERFLOW_UID);
}

const OVERFLOW_UID = Number(textOf("/proc/sys/kernel/overflowuid") || "65534");

function isMapped(): boolean {
  const map = textOf("/proc/self/uid_map");
  // Systems without know no user namespaces.
  return map !== "" && !/^\s*0\s+0\s+4294967295\s*$/.test(map);
}

function foldersAbove(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...(parent === sep ? [] : foldersAbove(parent))];
}

/** Of the nearest folder that is there; undefined when the path cannot be followed. */
function realPathOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" && statOf(path) === undefined && dirname(path) !== path
      ? realPathOf(dirname(path))?.concat(sep, path.slice(dirname(path).length).replace(/^\/+/, ""))
      : undefined;
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

function nameOf(uid: number): string {
  const name = uid === process.geteuid?.() ? nameOfSelf() : lineOf("/etc/passwd", uid)?.split(":")[0];
  return name === undefined ? `uid ${uid}` : `${name} (uid ${uid})`;
}

function nameOfSelf(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/** The line of a number in /etc/passwd or /etc/group. */
function lineOf(file: string, id: number): string | undefined {
  return textOf(file)
    .split("\n")
    .find((line) => line.split(":")[2] === String(id));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}

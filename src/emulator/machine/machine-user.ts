/** Whom a device's QEMU runs as, where root starts it: a guest that got out of it would be nobody of this host. */
import {
  chmodSync,
  chownSync,
  closeSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import type { Accelerator } from "./arguments.js";

export interface MachineUser {
  readonly uid: number;
  /** The first is its own: that of all machines. */
  readonly groups: readonly number[];
}

/** What is looked at of this host. */
export interface HostUsers {
  readonly uid: number;
  readonly effectiveCapabilities: bigint;
  /** As the kernel writes `/proc/self/uid_map` and `gid_map`. */
  readonly uidMap: string;
  readonly gidMap: string;
  /** `/etc/passwd` */
  readonly accounts: string;
  /** Undefined where there is none. */
  readonly kvm: { readonly mode: number; readonly gid: number } | undefined;
}

/** Neither Debian's policy nor systemd gives these to anybody. A machine has one of its own, by its port. */
const FIRST_ID = 60_706;
const IDS = 478;
/** CAP_CHOWN, DAC_OVERRIDE, FOWNER, KILL, SETGID, SETUID; SYS_PTRACE to read the memory of somebody else's process. */
const NEEDED_CAPABILITIES = [0, 1, 3, 5, 6, 7, 19].reduce((all, bit) => all | (1n << BigInt(bit)), 0n);

/** In a machine's folder: where QEMU makes files without a name. */
export const TEMPORARY = "tmp";

/**
 * Undefined where QEMU runs as who starts it: that is nobody special; or there is no other user in this user namespace; or
 * root lacks what it needs to deal with another's process; or nobody else may open /dev/kvm.
 */
export function machineUser(
  adbPort: number,
  accelerator: Accelerator,
  host: HostUsers | undefined = hostUsers(),
): MachineUser | undefined {
  if (host?.uid !== 0 || (host.effectiveCapabilities & NEEDED_CAPABILITIES) !== NEEDED_CAPABILITIES) return undefined;
  if (![host.uidMap, host.gidMap].every(mapsAllIds)) return undefined;
  const forKvm = accelerator === "kvm" ? kvmGroups(host.kvm) : [];
  if (forKvm === undefined) return undefined;
  const taken = new Set(host.accounts.split("\n").map((line) => Number(line.split(":")[2])));
  for (let step = 0; step < IDS - 1; step++) {
    const uid = FIRST_ID + 1 + ((adbPort + step) % (IDS - 1));
    if (!taken.has(uid)) return { uid, groups: [FIRST_ID, ...forKvm] };
  }
  return undefined;
}

/** To be called before a machine starts: these files of its folder are there then, and it may write to them. */
export function lendFolder(folder: string, files: readonly string[], user: MachineUser | undefined): void {
  for (const name of files) {
    if (name === TEMPORARY) mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
    else closeSync(openSync(join(folder, name), "a", 0o600));
  }
  if (user === undefined) return;
  const [group = 0] = user.groups;
  // It may walk through, and neither list nor make anything there.
  chownSync(folder, 0, group);
  chmodSync(folder, 0o710);
  for (const name of files) lchownSync(join(folder, name), user.uid, group);
}

/** What was saved of a machine, which any number of others go on from: machines may read it. Its folder says who may reach it. */
export function lendSaved(folder: string, files: readonly string[], user: MachineUser | undefined): void {
  if (user === undefined) return;
  const [group = 0] = user.groups;
  for (const [path, mode] of [[folder, 0o710] as const, ...files.map((name) => [join(folder, name), 0o640] as const)]) {
    const { gid, mode: before } = statSync(path);
    if (gid !== group) chownSync(path, 0, group);
    if ((before & 0o777) !== mode) chmodSync(path, mode);
  }
}

/** Files that a machine wrote belong to who started it again. @throws Error for what is no file */
export function takeBack(paths: readonly string[], user: MachineUser | undefined): void {
  for (const path of paths) {
    if (!lstatSync(path).isFile()) throw new Error(`${path} is no file`);
    if (user !== undefined) lchownSync(path, 0, 0);
  }
}

/** Undefined where the device opens to root alone. */
function kvmGroups(kvm: HostUsers["kvm"]): readonly number[] | undefined {
  // QEMU says that it is not there.
  if (kvm === undefined || (kvm.mode & 0o006) === 0o006) return [];
  return (kvm.mode & 0o060) === 0o060 && kvm.gid !== 0 ? [kvm.gid] : undefined;
}

/** Lines of "first id inside, first id outside, count": user_namespaces(7). */
function mapsAllIds(map: string): boolean {
  return map.split("\n").some((line) => {
    const [first = NaN, , count = NaN] = line.trim().split(/\s+/).map(Number);
    return first <= FIRST_ID && first + count >= FIRST_ID + IDS;
  });
}

function hostUsers(): HostUsers | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return undefined;
  const read = (path: string): string => readFileSync(path, "utf8");
  try {
    const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(read("/proc/self/status"))?.[1] ?? "0";
    return {
      ...{ uid: 0, effectiveCapabilities: BigInt(`0x${capabilities}`), accounts: read("/etc/passwd") },
      ...{ uidMap: read("/proc/self/uid_map"), gidMap: read("/proc/self/gid_map") },
      kvm: statSync("/dev/kvm", { throwIfNoEntry: false }),
    };
  } catch {
    return undefined;
  }
}

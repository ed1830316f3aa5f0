/** A /dev/kvm that is there and does not open: why, and what lets this user in. */
import { readFileSync } from "node:fs";

interface ClosedKvm {
  /** What open(2) said. */
  readonly code: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  /** KVM's module for this CPU; undefined: its flags show no virtualisation. */
  readonly module: string | undefined;
  /** The text of /etc/group. */
  readonly groups: string;
}

/** Group of what belongs to nobody of a user namespace. */
const OVERFLOW_GID = 65534;

export function explainClosed(kvm: ClosedKvm): string {
  const { code, module } = kvm;
  if (code === "EACCES") return `this user may not open /dev/kvm; ${whoMay(kvm)}`;
  // Its mode would allow it, but the devices of this control group do not have it.
  if (code === "EPERM") return "this container may not open /dev/kvm; `--device /dev/kvm` starts one that may";
  if (code !== "ENODEV" && code !== "ENXIO") return `/dev/kvm cannot be opened (${code})`;
  // Some systems make the file at boot, also without a KVM.
  const why =
    module === undefined ? "the CPU shows no virtualisation (vmx or svm)" : `\`sudo modprobe ${module}\` may bring it`;
  return `/dev/kvm is there, but no KVM behind it (${code}); ${why}`;
}

/** Whom owner and mode let in, and how this user becomes one of them. */
function whoMay({ uid, gid, mode, groups }: ClosedKvm): string {
  const group = groups.split("\n").find((line) => line.split(":")[2] === String(gid));
  const name = group?.split(":")[0];
  if (gid === 0 || (mode & 0o060) !== 0o060) {
    const owner = `uid ${uid}, gid ${gid}, mode ${(mode & 0o777).toString(8)}`;
    return `no group of users may (${owner}), and \`sudo chmod 666 /dev/kvm\` lets everybody in until the next boot`;
  }
  if (gid === OVERFLOW_GID) {
    return "its group is unknown in this container, and podman's `--group-add keep-groups` starts one that has it";
  }
  if (name === undefined) {
    return `it belongs to group ${gid}, and \`--group-add ${gid}\` starts a container whose user is in it`;
  }
  return `it belongs to group ${name}, and \`sudo usermod -aG ${name} $USER\` lets them in from the next login on`;
}

/** Empty where there is none. */
export function readGroups(): string {
  try {
    return readFileSync("/etc/group", "utf8");
  } catch {
    return "";
  }
}

/**
 * VMs that a run makes on a device of others, and what proves that a folder is still the one that it made: a file with a
 * mark of chance in it. Its inode alone proves nothing, for file systems give a free one to the next folder, and its birth is
 * not told by toybox and busybox.
 */
import type { Device } from "../../device/index.js";

export interface VmNote {
  readonly path: string;
  /** In the folder's `.claim` while the VM is being made, and in its `.avf-run` from then on. */
  readonly mark: string;
}

export interface VmNotes {
  /** To be called before the folder is made. One of that name that was made before stays noted. */
  coming(path: string, mark: string): void;
  /** The folder is there, and ours. */
  made(path: string, mark: string): Promise<void>;
  /** It never came to be. */
  notMade(path: string, mark: string): void;
  /** The folder was removed, whichever it was. */
  gone(path: string): void;
}

const NOT_PROVEN = 44;
/** Each looks and acts in one go of the device's shell. */
const LEAVE_MARK = `[ "$(cat "$1/.claim" 2>/dev/null)" = "$2" ] || exit ${NOT_PROVEN}; printf %s "$2" >"$1/.avf-run"`;
const REMOVE_OURS = `
[ -e "$1" ] || [ -L "$1" ] || exit 0
[ -d "$1" ] && [ ! -L "$1" ] || exit ${NOT_PROVEN}
for file in .claim .avf-run; do
  [ ! -L "$1/$file" ] && [ "$(cat "$1/$file" 2>/dev/null)" = "$2" ] && { rm -rf "$1"; exit; }
done
exit ${NOT_PROVEN}`;

export function vmNotes(device: Device, write: (vms: readonly VmNote[]) => void): VmNotes {
  let vms: readonly VmNote[] = [];
  const keep = (kept: (vm: VmNote) => boolean): void => {
    const left = vms.filter(kept);
    if (left.length === vms.length) return;
    vms = left;
    write(vms);
  };
  return {
    coming: (path, mark) => {
      vms = [...vms, { path, mark }];
      write(vms);
    },
    // Without a mark it is proven until its claim is kept, and then only reported.
    made: async (path, mark) => void (await device.execShort(["sh", "-c", LEAVE_MARK, "sh", path, mark])),
    notMade: (path, mark) => keep((vm) => vm.path !== path || vm.mark !== mark),
    gone: (path) => keep((vm) => vm.path !== path),
  };
}

/** Removes the VM if it is that one. False: something else of that name is there, or cannot be told from it; it stays. */
export async function removeNotedVm(device: Device, { path, mark }: VmNote): Promise<boolean> {
  const { exitCode } = await device.execUnchecked(["sh", "-c", REMOVE_OURS, "sh", path, mark]);
  return exitCode !== NOT_PROVEN;
}

const VM_FOLDER = /^\/data\/local\/tmp\/avf\/[\w.]+\/vm\/(?!\.{1,2}$)[^/\0]+$/;

export function isVmNote(value: unknown): value is VmNote {
  if (typeof value !== "object" || value === null) return false;
  const { path, mark } = value as Readonly<Record<string, unknown>>;
  return typeof path === "string" && VM_FOLDER.test(path) && typeof mark === "string" && /^\w+$/.test(mark);
}

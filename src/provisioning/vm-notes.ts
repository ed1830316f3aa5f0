/** VMs that a run makes on a device of others, and what proves that a folder is still the one that it made. */
import type { Device } from "../device/index.js";

export interface VmNote {
  readonly path: string;
  /** In the folder's `.claim` while the VM is being made. */
  readonly mark: string;
  /** Inode and birth of the folder, as its device's `stat` prints them; undefined until it is there. */
  readonly folder?: string | undefined;
}

export interface VmNotes {
  /** To be called before the folder is made. */
  coming(path: string, mark: string): void;
  /** The folder is there, and ours. */
  made(path: string): Promise<void>;
  /** It never came to be, or was removed. */
  gone(path: string): void;
}

const IDENTITY = "%i %W";
/** Looks and acts in one go of the device's shell. */
const REMOVE_OURS = `
[ -d "$1" ] && [ ! -L "$1" ] || exit 0
[ "$(cat "$1/.claim" 2>/dev/null)" = "$2" ] || { [ -n "$3" ] && [ "$(stat -c '${IDENTITY}' "$1")" = "$3" ]; } || exit 0
rm -rf "$1"`;

export function vmNotes(device: Device, write: (vms: readonly VmNote[]) => void): VmNotes {
  const vms = new Map<string, VmNote>();
  const changed = (): void => write([...vms.values()]);
  return {
    coming: (path, mark) => {
      vms.set(path, { path, mark });
      changed();
    },
    made: async (path) => {
      const note = vms.get(path);
      const { stdout, exitCode } = await device.execUnchecked(["stat", "-c", IDENTITY, path]);
      if (note === undefined || exitCode !== 0) return;
      vms.set(path, { ...note, folder: stdout.trim() });
      changed();
    },
    gone: (path) => {
      if (vms.delete(path)) changed();
    },
  };
}

/** Removes the VM if it is that very one; another of its name stays. */
export async function removeNotedVm(device: Device, { path, mark, folder = "" }: VmNote): Promise<void> {
  await device.execUnchecked(["sh", "-c", REMOVE_OURS, "sh", path, mark, folder]);
}

const VM_FOLDER = /^\/data\/local\/tmp\/avf\/[\w.]+\/vm\/(?!\.{1,2}$)[^/\0]+$/;

export function isVmNote(value: unknown): value is VmNote {
  if (typeof value !== "object" || value === null) return false;
  const { path, mark, folder } = value as Readonly<Record<string, unknown>>;
  const known = typeof path === "string" && VM_FOLDER.test(path) && typeof mark === "string" && /^\w+$/.test(mark);
  return known && (folder === undefined || typeof folder === "string");
}

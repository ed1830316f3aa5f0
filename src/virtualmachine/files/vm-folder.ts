/** Names of VMs and the files of one, on the device. */
import { printableLine, shortened } from "../../base/printable.js";
import { IllegalArgumentException, requireNonNull } from "../errors.js";

const MAX_NAME_BYTES = 255;
// Control characters and halves of surrogate pairs upset shells, logs and file systems; a dash would look like a flag.

/** Not what `printable` shows: names that have been made must stay good. */
const UNPRINTABLE = /[\u0000-\u001f\u007f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

export interface VmFolder {
  readonly root: string;
  readonly config: string;
  readonly instanceImage: string;
  readonly instanceId: string;
  readonly idsig: string;
  readonly storage: string;
  extraIdsig(index: number): string;
}

/** Folder that holds the VMs of an app, `<dataFolder>/vm`. */
export function vmsFolder(dataFolder: string): string {
  return `${dataFolder.replace(/\/+$/, "")}/vm`;
}

/** Files of the VM `name`, laid out as Android 15 does. Refuses names that could leave the folder. */
export function vmFolder(dataFolder: string, name: string): VmFolder {
  const root = `${vmsFolder(dataFolder)}/${checkVmName(name)}`;
  return {
    root,
    config: `${root}/config.xml`,
    instanceImage: `${root}/instance.img`,
    instanceId: `${root}/instance_id`,
    idsig: `${root}/idsig`,
    storage: `${root}/storage.img`,
    extraIdsig: (index) => `${root}/extra_idsig_${index}`,
  };
}

/**
 * Android refuses `/`, `.` and `..`; we refuse as well what it lets through to no good: the empty name (the `vm` folder
 * itself), names a file system cannot hold, control characters, and a leading dash.
 * @throws NullPointerException, IllegalArgumentException
 */
export function checkVmName(name: string): string {
  requireNonNull(name, "name");
  const bad =
    typeof name !== "string" ||
    name === "" ||
    name === "." ||
    name === ".." ||
    Buffer.byteLength(name) > MAX_NAME_BYTES ||
    /^-|\//.test(name) ||
    name.search(UNPRINTABLE) >= 0;
  if (bad) throw new IllegalArgumentException(`Invalid VM name: ${shownName(name)}`);
  return name;
}

function shownName(name: unknown): string {
  return printableLine(shortened(String(name), 300));
}

/** What the guest finds at a path of a folder that becomes its root, before anything is mounted there. */
import type { InitramfsFile } from "../../images/index.js";

/** The kernel follows no more (MAXSYMLINKS). */
const MAX_LINKS = 40;

/** Whether it is a file, by itself or by links, which stay within the folder. @param path relative to it */
export function isFileOfGuest(files: ReadonlyMap<string, InitramfsFile>, path: string): boolean {
  const rest = path.split("/");
  let at: readonly string[] = [];
  let found: InitramfsFile | undefined;
  let links = 0;
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === "" || name === ".") continue;
    if (name === "..") {
      at = at.slice(0, -1);
      continue;
    }
    found = files.get([...at, name].join("/"));
    if (found === undefined) return false;
    if (typeof found === "object" && "link" in found) {
      if (++links > MAX_LINKS) return false;
      if (found.link.startsWith("/")) at = [];
      rest.unshift(...found.link.split("/"));
    } else at = [...at, name];
  }
  return found !== undefined && !isOther(found);
}

function isOther(file: InitramfsFile): boolean {
  return typeof file === "object" && ("folder" in file || "link" in file || "major" in file);
}

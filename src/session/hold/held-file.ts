/** What a held VM prints, in a file that grows during the hold: up to a limit, because a hold may take all night. */
import { appendFileSync, writeFileSync } from "node:fs";
import { PRIVATE_FILE } from "../../artifacts/private-files.js";

const MAX_BYTES = 64 << 20;
const CUT = "[avf: this file ends here because it is long; the VM continues]\n";

/** Returns what adds to it. A full disk ends neither the hold nor the VM: the file lacks what comes then. */
export function startHeldFile(path: string, soFar: string, maxBytes = MAX_BYTES): (text: string) => void {
  writeFileSync(path, soFar, { mode: PRIVATE_FILE });
  let left = maxBytes;
  return (text) => {
    if (left <= 0) return;
    left -= Buffer.byteLength(text);
    try {
      appendFileSync(path, left > 0 ? text : CUT);
    } catch {
      // See above.
    }
  };
}

/** Forwards that are still open as this process exits. Nothing can be waited for by then, so adb's own program closes them. */
import { spawnSync } from "node:child_process";
import { parseForwards, type AnyForward } from "./forward-list.js";

const TIMEOUT_MS = 2_000;
/** A list has a line a forward. */
const MAX_LIST_BYTES = 1 << 20;

export interface OpenForward extends AnyForward {
  /** Command line of adb for its device, with these words. */
  adb(...words: readonly string[]): readonly string[];
}

const open = new Set<OpenForward>();
let isHooked = false;

/** Returns how to take it back. */
export function closeAtExit(forward: OpenForward): () => void {
  open.add(forward);
  if (!isHooked) process.on("exit", closeOpenForwards);
  isHooked = true;
  return () => void open.delete(forward);
}

/** Those that lead where they led: a port may be somebody else's by now, when its device left and took the forward along. */
export function closeOpenForwards(): void {
  for (const forward of open) {
    const { serial, local, remote } = forward;
    const isOurs = parseForwards(run(forward.adb("forward", "--list"))).some(
      (listed) => listed.serial === serial && listed.local === local && listed.remote === remote,
    );
    if (isOurs) run(forward.adb("forward", "--remove", local));
  }
  open.clear();
}

function run([file = "", ...args]: readonly string[]): string {
  const { stdout } = spawnSync(file, args, {
    ...{ stdio: ["ignore", "pipe", "ignore"], encoding: "utf8", timeout: TIMEOUT_MS, maxBuffer: MAX_LIST_BYTES },
  });
  return stdout ?? "";
}

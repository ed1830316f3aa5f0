/** Processes that this one started, as the kernel lists them: what a test starts on the host and forgets. */
import { readdirSync, readFileSync } from "node:fs";
import { sleep } from "../../base/deadline.js";
import { identify, isAlive, type ProcessIdentity } from "../../process/identity.js";
import { ownedPids } from "../../process/owned-process.js";

export interface HostChild extends ProcessIdentity {
  readonly command: string;
}

const SETTLE_MS = [20, 50, 100, 200, 400] as const;
const GRACE_MS = 500;

/** Living children that are not the harness's own. Reads a few files below /proc/self. */
export function hostChildren(): readonly HostChild[] {
  const own = ownedPids();
  return childrenOf(process.pid).filter(({ pid }) => !own.has(pid));
}

/** Ends children that came since `before`, with all that they started, and returns what they were. */
export async function endNewChildren(before: readonly HostChild[]): Promise<readonly string[]> {
  const known = new Set(before.map(key));
  const fresh = (): readonly HostChild[] => hostChildren().filter((child) => !known.has(key(child)));
  let left = fresh();
  for (const waitMs of SETTLE_MS) {
    if (left.length === 0) return [];
    await sleep(waitMs);
    left = fresh();
  }
  const described = left.map(({ pid, command }) => `process ${pid} on this host: ${command}`);
  await endTrees(left);
  return described;
}

async function endTrees(roots: readonly HostChild[]): Promise<void> {
  const all = roots.flatMap((root) => [root, ...descendantsOf(root.pid)]);
  for (const each of all) signal(each, "SIGTERM");
  const endMs = performance.now() + GRACE_MS;
  while (all.some(isAlive) && performance.now() < endMs) await sleep(20);
  for (const each of all) signal(each, "SIGKILL");
}

/** The id may belong to another process by now. */
function signal(child: HostChild, name: NodeJS.Signals): void {
  if (!isAlive(child)) return;
  try {
    process.kill(child.pid, name);
  } catch {
    // Gone in this moment, or not ours to end.
  }
}

function descendantsOf(pid: number): readonly HostChild[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child.pid)]);
}

function childrenOf(pid: number): readonly HostChild[] {
  return pidsBelow(pid).flatMap((child) => {
    const identity = identify(child);
    return identity === undefined ? [] : [{ ...identity, command: commandOf(child) }];
  });
}

/** Each thread has a list of those it started. */
function pidsBelow(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number),
    );
  } catch {
    // The process or a thread ended meanwhile, or the kernel has no such list.
    return [];
  }
}

function commandOf(pid: number): string {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return command.length > 160 ? `${command.slice(0, 160)}…` : command;
  } catch {
    return "?";
  }
}

const key = ({ pid, startTicks }: ProcessIdentity): string => `${pid} ${startTicks}`;

/** `avf device start` makes devices that outlive whoever asked for them: here they end with the process of the test, after SIGKILL too. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const avf = join(__dirname, "../../src/cli/avf.cjs");
/** Reads until its standard input ends, as it does with the process at the other end. */
const KEEPER = 'cat >/dev/null; for name; do "$NODE" "$AVF" device stop "$name"; done';

/**
 * To be called before they are started.
 * @param env as they are started with
 * @returns stops them; to be awaited when the tests are over
 */
export function stopWithUs(names: readonly string[], env: NodeJS.ProcessEnv = process.env): () => Promise<void> {
  const keeper = spawn("sh", ["-c", KEEPER, "sh", ...names], {
    // In a group of its own: Ctrl-C is not for it.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    env: { ...env, NODE: process.execPath, AVF: avf },
  });
  const ended = once(keeper, "exit");
  return async () => {
    keeper.stdin.end();
    await ended;
  };
}

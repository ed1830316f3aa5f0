/** A process that takes and releases file locks as it is told, for tests of what several of them do to each other. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { buildSync } from "esbuild";

interface LockAnswer {
  readonly kind: "held" | "busy" | "released";
  /** Of a lock that is busy. */
  readonly message?: string;
}

/** The sources as one file that Node runs by itself. */
export function buildLockChild(folder: string): string {
  const outfile = join(folder, "lock-child.cjs");
  const contents = `
    import { takeFileLock } from "./locks/file-lock.js";
    import { openSync, readdirSync } from "node:fs";
    import { lockFile, tryLockSync } from "./locks/kernel-lock.js";
    import { self, isGone, openLife } from "./life.js";
    let lock;
    const answer = async ({ take, release, introduce, gone, tryLock, tryAgain, begin, goTo }) => {
      if (goTo) return process.chdir(goTo) ?? goTo;
      if (tryLock) return [tryLockSync(openSync(tryLock, "a+")), await lockFile(openSync(tryLock, "a+"), false)];
      if (tryAgain) return Promise.resolve().then(() => tryLockSync(openSync(tryAgain, "a+"))).catch(({ code }) => code);
      if (begin) return { life: openLife("process"), open: readdirSync("/proc/self/fd").length };
      if (introduce) return self();
      if (gone) return { gone: isGone(gone) };
      if (release) { lock?.release(); return { kind: "released" }; }
      try {
        lock = await takeFileLock(take, { purpose: "racing", timeoutMs: 0 });
        return { kind: "held" };
      } catch (error) {
        if (error.code !== "LOCK_TIMEOUT") throw error;
        return { kind: "busy", message: error.shortMessage };
      }
    };
    process.on("message", async (order) => process.send(await answer(order)));
    process.on("disconnect", () => process.exit());
  `;
  buildSync({
    stdin: { contents, resolveDir: join(__dirname, "..") },
    ...{ bundle: true, platform: "node", format: "cjs", outfile, logLevel: "error" },
  });
  return outfile;
}

export class LockChild {
  readonly #child: ChildProcess;
  readonly ended: Promise<unknown>;

  /** @param within a command that runs it elsewhere, e.g. in a pid namespace of its own */
  constructor(script: string, within: readonly string[] = [], env: NodeJS.ProcessEnv = process.env) {
    const [execPath = process.execPath, ...execArgv] = within.length > 0 ? [...within, process.execPath] : [];
    this.#child = fork(script, { execPath, execArgv, env, stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.ended = once(this.#child, "exit");
  }

  async ask<T = LockAnswer>(order: unknown): Promise<T> {
    this.#child.send(order as object);
    const answered = once(this.#child, "message") as Promise<[T]>;
    const [answer] = await Promise.race([
      answered,
      this.ended.then(() => Promise.reject(new Error("the child ended without an answer"))),
    ]);
    return answer;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }
}

/** What a Cuttlefish host orchestrator does for us, by its REST API (google/android-cuttlefish, frontend/src/host_orchestrator). */
import { sleep } from "../../../base/deadline.js";
import { InfrastructureError, isHarnessError, TimeoutError, UsageError } from "../../../base/errors.js";
import { formatMs } from "../../../base/deadline.js";
import { readCvds, readOperation, readOperations, readRefusal, type Cvd } from "./answers.js";
import { exchange, type Reply, type Request, type Server } from "./http.js";

export interface Wait {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Told once when there is no answer for now. */
  readonly onWait?: ((message: string) => void) | undefined;
}

/** In milliseconds. */
export interface Patience {
  /** For an answer to what takes no time. */
  readonly answerMs: number;
  /** For one to a wait: the orchestrator itself answers 503 after two minutes. */
  readonly waitAnswerMs: number;
  /** How long it may be out of reach while we wait for it, from the first failure: it may be started again. */
  readonly outageMs: number;
  /** Before it is asked again how far an operation is. */
  readonly pauseMs: number;
  /** Before a group is looked at again. */
  readonly pollMs: number;
}

/** Told of operations before they can leave anything behind, so that others can remove it when this process is dead. */
export interface OperationWatch {
  /** One is about to be asked for. */
  asked(): Promise<void>;
  /** The one that was asked for runs, or there is none. */
  begun(name: string | undefined): Promise<void>;
  over(name: string): Promise<void>;
}

const PATIENCE: Patience = {
  answerMs: 30_000,
  waitAnswerMs: 150_000,
  outageMs: 120_000,
  pauseMs: 1_000,
  pollMs: 2_000,
};
const NOT_YET = [502, 503, 504];
/** Of a server in front of it. */
const UNAUTHORIZED = [401, 403];
/** What it answers when it has not begun anything. */
const NOTHING_BEGUN = ["LAB_REFUSED", "LAB_CREDENTIALS"];

export class Orchestrator {
  constructor(
    readonly server: Server,
    readonly patience = PATIENCE,
    private readonly watch?: OperationWatch,
  ) {}

  /** The same one, whose operations are reported. */
  watched(watch: OperationWatch): Orchestrator {
    return new Orchestrator(this.server, this.patience, watch);
  }

  async list(signal?: AbortSignal): Promise<readonly Cvd[]> {
    const reply = await this.#ask({ method: "GET", path: "cvds", timeoutMs: this.patience.answerMs, signal });
    return readCvds(this.server.orchestrator, reply.body);
  }

  /** Undefined: there is no such group. */
  async group(name: string, signal?: AbortSignal): Promise<readonly Cvd[] | undefined> {
    const request = { method: "GET", path: `cvds/${name}`, timeoutMs: this.patience.answerMs, signal } as const;
    const reply = await exchange(this.server, request);
    if (reply.status === 404) return undefined;
    return readCvds(this.server.orchestrator, this.#accepted(`GET /${request.path}`, reply).body);
  }

  /** Names of all operations that are not over, those of others too. */
  async running(signal?: AbortSignal): Promise<readonly string[]> {
    const reply = await this.#ask({ method: "GET", path: "operations", timeoutMs: this.patience.answerMs, signal });
    return readOperations(this.server.orchestrator, reply.body);
  }

  /** @returns what the operation made */
  async operate(method: "POST" | "DELETE", path: string, body: object | undefined, wait: Wait): Promise<unknown> {
    const endMs = performance.now() + wait.timeoutMs;
    const name = await this.begin(method, path, body, wait.signal);
    const leftMs = endMs - performance.now();
    const made = await this.outcome(name, `${method} /${path}`, { ...wait, timeoutMs: leftMs }, wait.timeoutMs);
    await this.over(name);
    return made;
  }

  /** @returns the operation's name */
  async begin(
    method: "POST" | "DELETE",
    path: string,
    body: object | undefined,
    signal?: AbortSignal,
  ): Promise<string> {
    await this.watch?.asked();
    try {
      const timeoutMs = this.patience.answerMs;
      const begun = await this.#ask({ method, path, timeoutMs, signal, ...(body && { body }) });
      const name = readOperation(this.server.orchestrator, begun.body);
      await this.watch?.begun(name);
      return name;
    } catch (error) {
      if (isHarnessError(error) && NOTHING_BEGUN.includes(error.code)) await this.watch?.begun(undefined);
      throw error;
    }
  }

  /**
   * Waits until it is over; one that failed is over, too, and one that an orchestrator which was started again has forgotten.
   * @param what it was, for messages
   * @param saidMs the whole time limit, for messages
   * @returns what it made
   */
  async outcome(name: string, what: string, { timeoutMs, signal, onWait }: Wait, saidMs = timeoutMs): Promise<unknown> {
    const endMs = performance.now() + timeoutMs;
    const { waitAnswerMs, outageMs, pauseMs } = this.patience;
    const request = { method: "POST", path: `operations/${name}/:wait`, signal } as const;
    // Of the first failure since the last answer: a wait that got none may have been lost on the way, after all its time.
    let failedMs: number | undefined;
    for (let told = false; ; await sleep(pauseMs, signal)) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) throw this.#tooLate(what, saidMs);
      try {
        const reply = await exchange(this.server, {
          ...request,
          timeoutMs: Math.min(waitAnswerMs, Math.max(leftMs, pauseMs)),
        });
        failedMs = undefined;
        if (NOT_YET.includes(reply.status)) continue;
        const isAnswer = !UNAUTHORIZED.includes(reply.status);
        if (isAnswer && (reply.status < 200 || reply.status >= 300)) await this.over(name);
        if (reply.status === 404) throw this.#forgotten(what);
        return this.#accepted(what, reply).body;
      } catch (error) {
        if (!isHarnessError(error) || error.code !== "LAB_COORDINATOR") throw error;
        failedMs ??= performance.now();
        if (performance.now() - failedMs > outageMs) throw error;
        if (!told) onWait?.(`${error.shortMessage} Trying again.`);
        told = true;
      }
    }
  }

  /** Nothing is left of it that would have to be removed by others. */
  async over(name: string): Promise<void> {
    await this.watch?.over(name);
  }

  async #ask(request: Request): Promise<Reply> {
    return this.#accepted(`${request.method} /${request.path}`, await exchange(this.server, request));
  }

  #accepted(what: string, reply: Reply): Reply {
    if (reply.status >= 200 && reply.status < 300) return reply;
    const at = `The Cuttlefish orchestrator at ${this.server.orchestrator}`;
    if (UNAUTHORIZED.includes(reply.status)) {
      throw new UsageError("LAB_CREDENTIALS", `${at} wants other credentials: ${readRefusal(reply)}.`, {
        hint: "set AVF_CUTTLEFISH_TOKEN, or AVF_CUTTLEFISH_TOKEN_FILE to a file that has it",
      });
    }
    throw new InfrastructureError("LAB_REFUSED", `${at} refused ${what}: ${readRefusal(reply)}.`, {
      hint: "its own log, and that of cvd, say more",
    });
  }

  #forgotten(what: string): InfrastructureError {
    const message = `The Cuttlefish orchestrator at ${this.server.orchestrator} has forgotten ${what}: it was started again.`;
    return new InfrastructureError("LAB_FORGOTTEN", message, { hint: "see what became of it: cvd fleet" });
  }

  #tooLate(what: string, timeoutMs: number): TimeoutError {
    const { orchestrator, base } = this.server;
    return new TimeoutError(
      "TIMEOUT",
      `Timed out after ${formatMs(timeoutMs)} waiting for the Cuttlefish orchestrator at ${orchestrator}: ${what}.`,
      { hint: `see what it is busy with: curl ${base}operations` },
    );
  }
}

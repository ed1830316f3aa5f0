/** The runs of one VM, of which at most one is in progress: how they start, how they end, and how one is taken up again. */
import { describeError } from "../../base/errors.js";
import { VirtualMachineException } from "../errors.js";
import { InputPipe } from "./output-pipe.js";
import { RunSession } from "./run-session.js";
import { removeScratch, startRun } from "./start-run.js";
import { stopRun } from "./stop-run.js";
import type { RunningVm, VmBookmark } from "../../virtualizationservice/contract.js";
import type { RunRequest } from "../config/app-config.js";
import type { VmContext } from "../context.js";
import type { JournalPast, VmJournal } from "../journal/journal.js";

export class VmRuns {
  readonly input = new InputPipe();
  #session: RunSession | undefined;
  /** Removal of the latest run's scratch folder. */
  #afterRun: Promise<void> = Promise.resolve();

  constructor(
    private readonly context: VmContext,
    private readonly journal: VmJournal,
    private readonly onDied: () => void,
  ) {}

  /** Of the current run. */
  get handle(): RunningVm | undefined {
    return this.#session?.isRunning() ? this.#session.handle : undefined;
  }

  async start(request: Omit<RunRequest, "scratchPath">, signal: AbortSignal | undefined): Promise<void> {
    const session = this.#open(this.journal.runAsked(), request.config.isVmOutputCaptured());
    const started = await startRun(request, session, signal).catch((error: unknown) => {
      const reason = session.abandon();
      // Unless the device was restored meanwhile, and this run has never been.
      if (this.#session === session) this.journal.runFailed(reason);
      throw error;
    });
    session.begin(started.handle, (atMs) => this.journal.runBegan(started.handle.cid, atMs));
    if (session.isRunning()) {
      this.input.connect(started.handle.writeConsole);
      if (started.handle.gdb) this.journal.watchDebugger(started.handle.gdb);
    }
    this.#afterRun = started.handle.died.then(started.cleanUp);
  }

  /** Ends the current run, if any. A VM that died by itself meanwhile is fine. @throws VirtualMachineException */
  async end(vmName: string): Promise<void> {
    const session = this.#session;
    if (!session?.isRunning()) return;
    session.stopRequested = true;
    try {
      await stopRun(session, vmName, () => this.#afterRun);
    } catch (cause) {
      if (!session.ended) session.stopRequested = false;
      throw new VirtualMachineException("STOP_FAILED", `failed to stop VM: ${describeError(cause)}`, { vmName, cause });
    }
  }

  /** DEAD, but its last events may still be on their way: they belong to the run before. */
  async settled(): Promise<void> {
    await this.#session?.handle?.died;
    await this.#afterRun;
  }

  /** The device is about to be put back: what comes from there now is not about this VM any more. */
  async leave(): Promise<void> {
    this.input.connect(undefined);
    await this.#session?.leave();
  }

  /** Continues what ran then; whatever was started on the device since is dropped. */
  async rewind(past: JournalPast, running: VmBookmark | undefined, captured: boolean): Promise<void> {
    this.#session = undefined;
    this.#afterRun = Promise.resolve();
    if (running === undefined) return;
    const { number } = past.run;
    // What the output says about crashes is found in it again.
    const events = past.events.filter(({ run }) => run === number).map(({ event }) => event);
    const told = events.filter((event) => event.kind !== "crash");
    const session = this.#open(number, captured);
    const handle = await this.context.service.resumeVm(running, told, session.receive);
    session.begin(handle, () => undefined);
    this.input.connect(handle.writeConsole);
    this.#afterRun = handle.died.then(() => removeScratch(this.context, running.scratchPath));
  }

  /** Delivers what a run prints that was taken up again. */
  follow(): void {
    this.handle?.follow();
  }

  #open(number: number, captured: boolean): RunSession {
    const session = new RunSession(number, (stamped) => {
      this.journal.receive(stamped, session, captured);
      if (stamped.event.kind !== "died") return;
      this.input.connect(undefined);
      this.onDied();
    });
    this.#session = session;
    return session;
  }
}

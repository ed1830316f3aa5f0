/** What a suite sees of a VM and waits for: lines, the boot, the payload, the status. Android has no such methods. */
import type { VmBoot } from "../boot/progress.js";
import type { Status } from "../constants.js";
import { consoleLines } from "../lines/console-lines.js";
import type { OutputLine, OutputStream } from "../lines/line-history.js";
import { waitForConsole, watchConsole } from "../wait/console-wait.js";
import type { ConsoleMatch, ConsoleOutcome, ConsoleWaitOptions } from "../wait/console-wait.js";
import { DEFAULT_BUDGET_MS, type Patience } from "../wait/patience.js";
import type { SettleOptions } from "../wait/settle.js";
import { waitFor, waitForStatus, waitUntil } from "../wait/waits.js";
import type { StatusOutcome, WaitGoal, WaitOutcome } from "../wait/waits.js";
import { MethodsSince16 } from "./since-16.js";

export abstract class ObservedMachine extends MethodsSince16 {
  /** Console lines of the latest run (or of the first, when there was none), until that run ends. */
  consoleLines(
    options: { readonly signal?: AbortSignal; readonly stream?: OutputStream } = {},
  ): AsyncGenerator<string> {
    return consoleLines(this.control.journal, options);
  }

  /** How far the boot has come, by events and by what the guest prints. */
  get boot(): VmBoot {
    return this.control.journal.boot;
  }

  /** How many times slower than usual the device was measured to be; budgets of waits are multiplied by it. */
  get slowness(): number {
    return this.control.journal.surroundings.slowness;
  }

  /** Waits for the payload or the end; see `waitFor` in waits.ts. Never rejects. Default: see `Patience`. */
  async waitFor(goal: WaitGoal, options: Patience = {}): Promise<WaitOutcome> {
    return waitFor(this.control.journal, goal, options);
  }

  /** As `waitFor`, but anything else than the goal is an error. @throws VmWaitError, VirtualMachineException */
  async waitUntil(goal: WaitGoal, options: Patience = {}): Promise<void> {
    await waitUntil(this.control.journal, goal, options);
  }

  /** Waits until events put the VM in this status. Never rejects. Default: 60 s times `slowness`. */
  async waitForStatus(status: Status, options: Partial<SettleOptions> = {}): Promise<StatusOutcome> {
    return waitForStatus(this.control.journal, status, { timeoutMs: DEFAULT_BUDGET_MS * this.slowness, ...options });
  }

  /** Waits for a line; what was printed since the latest run began counts. Default: see `Patience`. @throws ConsoleWaitError */
  async waitForConsole(pattern: string | RegExp, options: ConsoleWaitOptions = {}): Promise<ConsoleMatch> {
    return waitForConsole(this.control.journal, pattern, options);
  }

  /** As `waitForConsole`, with the outcome as a value. Never rejects. */
  async watchConsole(pattern: string | RegExp, options: ConsoleWaitOptions = {}): Promise<ConsoleOutcome> {
    return watchConsole(this.control.journal, pattern, options);
  }

  /** The last lines of the latest run. */
  lastLines(count = 40): readonly OutputLine[] {
    return this.control.journal.lastLines(count);
  }
}

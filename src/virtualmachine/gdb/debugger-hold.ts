/** When a debugger held a VM: time in which nothing of it can be expected, and which no wait counts. */

export class DebuggerHold {
  /** Ended holds, oldest first. */
  readonly #past: { readonly fromMs: number; readonly toMs: number }[] = [];
  #sinceMs: number | undefined;

  get isHeld(): boolean {
    return this.#sinceMs !== undefined;
  }

  /** Returns whether that changed something. */
  set(isHeld: boolean, nowMs: number): boolean {
    if (isHeld === this.isHeld) return false;
    if (this.#sinceMs !== undefined) this.#past.push({ fromMs: this.#sinceMs, toMs: nowMs });
    this.#sinceMs = isHeld ? nowMs : undefined;
    return true;
  }

  /** How much of the time before that moment the VM was held. */
  before(atMs: number): number {
    const spans = [...this.#past, ...(this.#sinceMs === undefined ? [] : [{ fromMs: this.#sinceMs, toMs: Infinity }])];
    return spans.reduce((sum, { fromMs, toMs }) => sum + Math.max(0, Math.min(atMs, toMs) - fromMs), 0);
  }
}

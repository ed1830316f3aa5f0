/** Lines of one run, as they come, until the run ends. */
import { settle } from "./settle.js";
import type { VmJournal } from "./journal.js";
import type { OutputStream } from "./line-history.js";

/** Reads from the history, so that a slow reader holds up nobody; what the history dropped meanwhile is skipped. */
export async function* consoleLines(
  journal: VmJournal,
  { signal, stream = "console" }: { readonly signal?: AbortSignal; readonly stream?: OutputStream },
): AsyncGenerator<string, void, undefined> {
  const wantedRun = Math.max(1, journal.run.number);
  for (let next = 0; ;) {
    const ended = hasEnded(journal, wantedRun) || signal?.aborted === true;
    const lines = journal.output.linesFrom(next, stream);
    next = journal.output.nextSequence;
    for (const line of lines) if (line.run === wantedRun) yield line.text;
    if (ended) return;
    const seen = next;
    const changed = (): true | undefined =>
      journal.output.nextSequence > seen || hasEnded(journal, wantedRun) ? true : undefined;
    await settle(journal.changes, changed, { timeoutMs: Infinity, signal });
  }
}

function hasEnded(journal: VmJournal, run: number): boolean {
  const latest = journal.run;
  return latest.number > run || (latest.number === run && latest.ended !== undefined) || journal.status === "DELETED";
}

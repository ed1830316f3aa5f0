/** Lines of one run, as they come, until the run ends. */
import { settle } from "../wait/settle.js";
import type { VmJournal } from "../journal/journal.js";
import type { OutputStream } from "./line-history.js";

/**
 * Reads from the history, so that a slow reader holds up nobody; what the history dropped meanwhile is skipped. When a
 * checkpoint of the same run is restored, it continues with what the VM prints after that; one from before the run ends it.
 */
export async function* consoleLines(
  journal: VmJournal,
  { signal, stream = "console" }: { readonly signal?: AbortSignal; readonly stream?: OutputStream },
): AsyncGenerator<string, void, undefined> {
  const wantedRun = Math.max(1, journal.run.number);
  const restoresBefore = journal.restores.length;
  const isUndone = (): boolean => journal.restores.slice(restoresBefore).some((run) => run < wantedRun);
  const hasEnded = (): boolean => hasRunEnded(journal, wantedRun) || isUndone();
  for (let next = 0; ;) {
    const ended = hasEnded() || signal?.aborted === true;
    const restores = journal.restores.length;
    const lines = isUndone() ? [] : journal.output.linesFrom(next, stream);
    next = journal.output.nextSequence;
    for (const line of lines) {
      if (journal.restores.length > restores) break;
      if (line.run === wantedRun) yield line.text;
    }
    if (ended) return;
    const seen = next;
    const changed = (): true | undefined => (journal.output.nextSequence > seen || hasEnded() ? true : undefined);
    await settle(journal.changes, changed, { timeoutMs: Infinity, signal });
  }
}

function hasRunEnded(journal: VmJournal, run: number): boolean {
  const latest = journal.run;
  return latest.number > run || (latest.number === run && latest.ended !== undefined) || journal.status === "DELETED";
}

/** Waiting for what a VM prints. */
import { consoleWaitError } from "./console-failure.js";
import { nowMs } from "../journal/record.js";
import { waitForVm } from "./vm-wait.js";
import { LineSearch } from "../lines/search.js";
import type { VmJournal } from "../journal/journal.js";
import type { OutputLine, OutputStream } from "../lines/line-history.js";
import type { Patience } from "./patience.js";
import type { Changes } from "./settle.js";
import type { WaitEnd } from "./vm-wait.js";

export interface ConsoleWaitOptions extends Patience {
  /** Default: both, as messages of the guest may be in either. */
  readonly stream?: OutputStream | undefined;
  /** Only lines that came after this time of the records' clock (`atMs`). Default: all of the latest run. */
  readonly since?: number | undefined;
}

/** A line that matched; an unfinished one counts once nothing was added to it for a moment. */
export interface ConsoleMatch {
  readonly line: OutputLine;
  /** Of a RegExp: the match with its groups. Of a string: itself. */
  readonly groups: readonly string[];
}

export type ConsoleOutcome = { readonly kind: "matched"; readonly match: ConsoleMatch } | WaitEnd;

/** A prompt has no line end: it counts when it has stood still for this long. */
const PROMPT_QUIET_MS = 250;
const STREAMS: readonly OutputStream[] = ["console", "log"];

/**
 * Waits for a line that contains the string or matches the expression, and settles on the first of match, end of the VM,
 * panic or crash, device gone, boot standing still, abort, time over. A VM that was never run is waited for; one that has
 * ended is searched, and the wait ends.
 */
export async function watchConsole(
  journal: VmJournal,
  pattern: string | RegExp,
  options: ConsoleWaitOptions,
): Promise<ConsoleOutcome> {
  const firstRun = Math.max(1, journal.run.number);
  const since = options.since ?? -Infinity;
  const search = new LineSearch(pattern);
  const wanted = (line: OutputLine): boolean => line.run >= firstRun && line.atMs > since;
  let next = 0;
  const quiet = new QuietPrompt(journal, options.stream);
  const probe = (): ConsoleOutcome | undefined => {
    const lines = journal.output.linesFrom(next, options.stream).filter(wanted);
    next = journal.output.nextSequence;
    for (const line of lines) {
      const groups = search.match(line);
      if (groups) return { kind: "matched", match: { line, groups } };
    }
    for (const line of quiet.prompts()) {
      const groups = search.peek(line);
      if (groups) return { kind: "matched", match: { line, groups } };
    }
    return undefined;
  };
  return waitForVm<ConsoleOutcome>(journal, probe, { ...options, firstRun, changes: quiet.changes });
}

/** As `watchConsole`, but anything other than a match is an error that says what came instead. */
export async function waitForConsole(
  journal: VmJournal,
  pattern: string | RegExp,
  options: ConsoleWaitOptions,
): Promise<ConsoleMatch> {
  const outcome = await watchConsole(journal, pattern, options);
  if (outcome.kind === "matched") return outcome.match;
  throw consoleWaitError(journal, pattern, outcome, options);
}

/** Looks at unfinished lines, but only when they have been still for a moment: more of the line may be on its way. */
class QuietPrompt {
  #isQuiet = false;
  readonly changes: Changes;

  constructor(
    private readonly journal: VmJournal,
    private readonly stream: OutputStream | undefined,
  ) {
    this.changes = {
      subscribe: (listener) => {
        let timer: NodeJS.Timeout | undefined;
        const arm = (): void => {
          clearTimeout(timer);
          timer = setTimeout(() => {
            this.#isQuiet = true;
            listener();
            this.#isQuiet = false;
          }, PROMPT_QUIET_MS);
        };
        arm();
        const unsubscribe = journal.changes.subscribe(() => {
          arm();
          listener();
        });
        return () => {
          clearTimeout(timer);
          unsubscribe();
        };
      },
    };
  }

  prompts(): readonly OutputLine[] {
    if (!this.#isQuiet || this.journal.run.ended) return [];
    const { output, run } = this.journal;
    return STREAMS.filter((stream) => !this.stream || stream === this.stream)
      .map((stream) => output.pendingLine(stream, nowMs()))
      .filter((line) => line.text !== "")
      .map((line) => ({ ...line, run: run.number }));
  }
}

/** Looks for a pattern in lines, also across the cuts of a line that is so long that it comes in pieces. */
import type { OutputLine, OutputStream } from "./line-history.js";

/** The match with its groups; of a string, itself. */
export type Groups = readonly string[];

/** What was seen of a line before its present piece. */
interface Before {
  readonly text: string;
  /** `text` is all of it. */
  readonly whole: boolean;
}

/** A match is found if it is no longer than this, wherever the line is cut. */
const REMEMBERED_CHARACTERS = 64 << 10;
const NOTHING: Before = { text: "", whole: true };

export class LineSearch {
  readonly #find: Find;
  readonly #remembered: number;
  readonly #before: Record<OutputStream, Before> = { console: NOTHING, log: NOTHING };

  constructor(pattern: string | RegExp) {
    this.#find = typeof pattern === "string" ? findText(pattern) : findExpression(pattern);
    this.#remembered = Math.max(REMEMBERED_CHARACTERS, typeof pattern === "string" ? pattern.length : 0);
  }

  /** To be given all lines of a stream, in their order. */
  match(line: OutputLine): Groups | undefined {
    const groups = this.peek(line);
    this.skip(line);
    return groups;
  }

  /** The same for what may still change: it is not remembered. */
  peek(line: OutputLine): Groups | undefined {
    return this.#find(this.#beforeOf(line), line.text, isLast(line));
  }

  /** A line in which nothing is looked for. */
  skip(line: OutputLine): void {
    if (isLast(line)) {
      this.#before[line.stream] = NOTHING;
      return;
    }
    const before = this.#beforeOf(line);
    const text = before.text + line.text;
    this.#before[line.stream] = {
      text: text.slice(-this.#remembered),
      whole: before.whole && text.length <= this.#remembered,
    };
  }

  #beforeOf({ stream, piece }: OutputLine): Before {
    if (piece === undefined || piece === "first") return NOTHING;
    const before = this.#before[stream];
    // What came before this piece was not seen.
    return before === NOTHING ? { text: "", whole: false } : before;
  }
}

function isLast({ piece }: OutputLine): boolean {
  return piece === undefined || piece === "last";
}

type Find = (before: Before, text: string, isLast: boolean) => Groups | undefined;

function findText(pattern: string): Find {
  return (before, text) => {
    const from = Math.max(0, before.text.length - pattern.length + 1);
    return (before.text + text).includes(pattern, from) ? [pattern] : undefined;
  };
}

function findExpression(pattern: RegExp): Find {
  // With `g` a RegExp begins at its `lastIndex`, and what stands before that is still there for `^` and `\b`.
  const expression = new RegExp(pattern.source, `${pattern.flags.replace(/[gy]/g, "")}g`);
  return (before, text, isLast) => {
    // Where the line's beginning is not known, one character keeps `^` from matching there.
    const known = before.whole ? before.text : ` ${before.text}`;
    const all = known + text;
    expression.lastIndex = before.whole ? 0 : 1;
    for (let found = expression.exec(all); found !== null; found = expression.exec(all)) {
      const end = found.index + found[0].length;
      // It may be longer, or none at all with `$`, when the rest of the line is there: it is looked at once more then.
      if (!isLast && end === all.length) return undefined;
      const isOld = end < known.length;
      if (!isOld) return found.map(String);
      expression.lastIndex = Math.max(end, found.index + 1);
    }
    return undefined;
  };
}

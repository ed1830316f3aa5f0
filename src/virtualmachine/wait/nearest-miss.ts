/** The line that comes closest to a pattern that no line matched. */
import type { OutputLine } from "../lines/line-history.js";

const LINES_LOOKED_AT = 2000;
const CHARS_LOOKED_AT = 400;
/** Of the pattern's letters, by trigrams; less is chance. */
const LEAST_SHARE = 0.2;

/**
 * By runs of three letters that the line shares with the pattern, whatever their case: so that a wrong letter, a missing
 * blank or another number is near. Undefined when no line is. The latest of equals wins.
 */
export function nearestMiss(pattern: string | RegExp, lines: readonly OutputLine[]): OutputLine | undefined {
  const trigrams = trigramsOf(pattern);
  let best: { line: OutputLine; score: number } | undefined;
  for (const line of lines.slice(-LINES_LOOKED_AT)) {
    const text = line.text.slice(0, CHARS_LOOKED_AT).toLowerCase();
    const score = trigrams.reduce((sum, three) => sum + (text.includes(three) ? 1 : 0), 0);
    if (score >= trigrams.length * LEAST_SHARE && score > 0 && score >= (best?.score ?? 0)) best = { line, score };
  }
  return best?.line;
}

/** Runs of three letters within words; of an expression, of what is left without its escapes and operators. */
function trigramsOf(pattern: string | RegExp): readonly string[] {
  const literal = typeof pattern === "string" ? pattern : pattern.source.replace(/\\[a-zA-Z]|[\\^$.*+?()[\]{}|]/g, " ");
  const words = literal.toLowerCase().match(/[\p{L}\p{N}_]{3,}/gu) ?? [];
  const trigrams = words.flatMap((word) => Array.from({ length: word.length - 2 }, (_, at) => word.slice(at, at + 3)));
  return [...new Set(trigrams)];
}

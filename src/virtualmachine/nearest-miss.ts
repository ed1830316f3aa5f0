/** The line that comes closest to a pattern that no line matched. */
import type { OutputLine } from "./line-history.js";

const LINES_LOOKED_AT = 2000;
const CHARS_LOOKED_AT = 400;

/** By words of the pattern that the line has, whatever their case; undefined when no line has any. Latest line wins. */
export function nearestMiss(pattern: string | RegExp, lines: readonly OutputLine[]): OutputLine | undefined {
  const words = wordsOf(pattern);
  let best: { line: OutputLine; score: number } | undefined;
  for (const line of lines.slice(-LINES_LOOKED_AT)) {
    const text = line.text.slice(0, CHARS_LOOKED_AT).toLowerCase();
    const score = words.reduce((sum, word) => sum + (text.includes(word) ? word.length : 0), 0);
    if (score > 0 && score >= (best?.score ?? 0)) best = { line, score };
  }
  return best?.line;
}

/** Words of three letters and more; of an expression, what is left without its escapes and operators. */
function wordsOf(pattern: string | RegExp): readonly string[] {
  const literal = typeof pattern === "string" ? pattern : pattern.source.replace(/\\[a-zA-Z]|[\\^$.*+?()[\]{}|]/g, " ");
  return [...new Set(literal.toLowerCase().match(/[\p{L}\p{N}_]{3,}/gu) ?? [])];
}

/** Lines that a guest wrote to its console and to its log alike: microdroid_manager's, for one. */
import type { OutputLine } from "./line-history.js";

/** A line, and whether it came on both streams. */
interface ShownLine {
  readonly line: OutputLine;
  readonly both: boolean;
}

/** The two come by ways of their own; what is farther apart was written twice. */
const APART_MS = 5_000;

/** Each line once, where it came first. @param lines in their order */
export function mergeStreams(lines: readonly OutputLine[]): readonly ShownLine[] {
  const shown: { line: OutputLine; both: boolean }[] = [];
  /** By what they say: those that may still come on the other stream, oldest first. */
  const single = new Map<string, { line: OutputLine; both: boolean }[]>();
  for (const line of lines) {
    const words = wordsOf(line.text);
    const alike = single.get(words) ?? [];
    const place = alike.findIndex(({ line: other }) => {
      return other.stream !== line.stream && other.run === line.run && line.atMs - other.atMs <= APART_MS;
    });
    if (place >= 0 && words !== "") {
      const [twin] = alike.splice(place, 1);
      twin!.both = true;
      // A kernel's time stamp says more than the date of a guest that has no clock.
      if (line.stream === "console") twin!.line = { ...line, atMs: twin!.line.atMs };
      continue;
    }
    const entry = { line, both: false };
    shown.push(entry);
    single.set(words, [...alike, entry]);
  }
  return shown;
}

/** Without what only one of the streams has: the kernel's time stamp, or time, ids and level of `logcat -v threadtime`. */
function wordsOf(text: string): string {
  return text
    .replace(/^(<\d{1,3}>)?\[\s*\d{1,7}\.\d{6}\](\[\s*[TC]\d+\])?\s*/, "")
    .replace(/^\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\s+\d+\s+\d+ [VDIWEFS] /, "")
    .replace(/^([\w.-]+)(?:\[\d+\])?\s*: /, "$1: ")
    .trimEnd();
}

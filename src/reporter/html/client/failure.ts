/** The message of a failure, with what matters in it set off from what does not. */
import { h } from "./dom.js";

export function failureBlock(failure: string): HTMLElement {
  const lines = failure
    .replace(/\s+$/, "")
    .split("\n")
    .filter((line) => !/^\s+at .*\(?node:/.test(line));
  const parts: Node[] = [];
  for (let place = 0; place < lines.length; place++) {
    const line = lines[place] ?? "";
    const last = lastOutput(lines, place);
    if (last > place) {
      parts.push(folded(line, lines.slice(place + 1, last + 1)));
      place = last;
    } else parts.push(lineOf(line));
  }
  return h("pre", { class: "failure" }, parts);
}

const lineOf = (line: string): HTMLElement => h("span", { class: toneOf(line) }, `${line}\n`);

/** The events below have the same lines, where they can be searched. */
function folded(heading: string, lines: readonly string[]): HTMLElement {
  const name = `${heading.trim().replace(/:$/, "")} (${lines.length} lines)`;
  return h("details", {}, h("summary", {}, name), lines.map(lineOf));
}

/** Where the indented lines behind `Last output:` end, when there are more than a few; else `place` itself. */
function lastOutput(lines: readonly string[], place: number): number {
  if (!/^\s*Last output:$/.test(lines[place] ?? "")) return place;
  let last = place;
  while (/^\s+\S/.test(lines[last + 1] ?? "") && toneOf(lines[last + 1] ?? "") !== "frame") last++;
  return last - place > 6 ? last : place;
}

function toneOf(line: string): string {
  if (/^\s+at .+:\d+/.test(line)) return "frame";
  if (/^\s*(?:Expected\b.*:|- )/.test(line)) return "expected";
  if (/^\s*(?:Received\b.*:|\+ )/.test(line)) return "received";
  if (/^\s*(?:Hint|Saved for this failure|Meanwhile):/.test(line)) return "aside";
  if (/^\s*\[\s*\d+\.\d+ s /.test(line)) return "line";
  return "";
}

/** The strip of how a test did in the runs before this one, the oldest first. */
import { h, SIGNS } from "../dom.js";

const OUTCOMES: Readonly<Record<string, string>> = { p: "passed", f: "failed", r: "flaky", u: "unfinished" };

/** Undefined when nothing is known. */
export function pastStrip(past: string): HTMLElement | undefined {
  if (past === "") return undefined;
  // One element for outcomes that are alike: most tests have passed for long.
  const stretches = past.match(/(.)\1*/gs) ?? [];
  return h(
    "span",
    { class: "past", role: "img", "aria-label": `Before: ${inWords(past)}`, title: `Before: ${inWords(past)}` },
    ...stretches.map((stretch) => {
      const outcome = OUTCOMES[stretch.charAt(0)] ?? "skipped";
      return h("span", { class: `sign ${outcome}` }, (SIGNS[outcome] ?? "?").repeat(stretch.length));
    }),
  );
}

/** `18 passed, 2 failed`. */
function inWords(past: string): string {
  return Object.entries(OUTCOMES)
    .map(([letter, outcome]) => [past.split(letter).length - 1, outcome] as const)
    .filter(([count]) => count > 0)
    .map(([count, outcome]) => `${count} ${outcome}`)
    .join(", ");
}

/** The time axis: which part of the time is in view, and where its marks are. */

export interface View {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Closer than this nothing more is to be seen. */
const LEAST_MS = 1;

/** A step of 1, 2 or 5 times a power of ten, so that marks are at least `leastPixels` apart. */
export function ticks({ fromMs, toMs }: View, pixels: number, leastPixels = 90): readonly number[] {
  const leastMs = ((toMs - fromMs) * leastPixels) / Math.max(pixels, 1);
  const power = 10 ** Math.floor(Math.log10(leastMs));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= leastMs) ?? 10 * power;
  const first = Math.ceil(fromMs / step);
  const last = Math.floor(toMs / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_value, index) => (first + index) * step);
}

/** `3.2 s`, with as many digits as marks at this distance need. */
export function tickLabel(atMs: number, stepMs: number): string {
  if (stepMs < 1) return `${atMs.toFixed(1)} ms`;
  if (stepMs < 100 && atMs < 1000) return `${Math.round(atMs)} ms`;
  const digits = stepMs >= 1000 ? 0 : stepMs >= 100 ? 1 : stepMs >= 10 ? 2 : 3;
  return `${(atMs / 1000).toFixed(digits)} s`;
}

/** Zooms by a factor so that `aroundMs` stays where it is. Below 1 it comes closer. Never beyond `all`. */
export function zoom(view: View, factor: number, aroundMs: number, all: View): View {
  const length = Math.min(Math.max((view.toMs - view.fromMs) * factor, LEAST_MS), all.toMs - all.fromMs);
  const share = (aroundMs - view.fromMs) / (view.toMs - view.fromMs);
  return within({ fromMs: aroundMs - share * length, toMs: aroundMs + (1 - share) * length }, all);
}

export function pan(view: View, byMs: number, all: View): View {
  return within({ fromMs: view.fromMs + byMs, toMs: view.toMs + byMs }, all);
}

/** So that the span fills half of the width, or is in the middle when it is a moment. */
export function around(startMs: number, endMs: number, all: View): View {
  const length = Math.max((endMs - startMs) * 2, (all.toMs - all.fromMs) / 50, 20);
  const middle = (startMs + endMs) / 2;
  return within({ fromMs: middle - length / 2, toMs: middle + length / 2 }, all);
}

function within({ fromMs, toMs }: View, all: View): View {
  const length = Math.min(toMs - fromMs, all.toMs - all.fromMs);
  const from = Math.min(Math.max(fromMs, all.fromMs), all.toMs - length);
  return { fromMs: from, toMs: from + length };
}

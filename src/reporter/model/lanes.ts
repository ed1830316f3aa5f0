/** Spans that overlap, put into as few lanes as hold them. */
import type { Span } from "./run-model.js";

/** Each span with its lane: 0, 1, 2… In each lane one ends before the next begins. */
export function packLanes<T extends Span>(spans: readonly T[]): readonly { readonly span: T; readonly lane: number }[] {
  const ends: number[] = [];
  return [...spans]
    .sort((a, b) => a.startMs - b.startMs)
    .map((span) => {
      const free = ends.findIndex((endMs) => endMs <= span.startMs);
      const lane = free < 0 ? ends.length : free;
      ends[lane] = Math.max(span.endMs, span.startMs);
      return { span, lane };
    });
}

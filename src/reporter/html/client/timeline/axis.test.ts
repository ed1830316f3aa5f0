import { describe, expect, test } from "@jest/globals";
import { around, pan, tickLabel, ticks, zoom } from "./axis.js";

const all = { fromMs: 0, toMs: 10_000 };

describe("marks of the time axis", () => {
  test("are at round times, and not too close", () => {
    expect(ticks(all, 900)).toEqual([0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000]);
    expect(ticks(all, 300)).toEqual([0, 5000, 10_000]);
    expect(ticks({ fromMs: 1234, toMs: 1236 }, 900)).toHaveLength(11);
  });

  test("say as much as their distance needs", () => {
    expect([tickLabel(5000, 1000), tickLabel(1500, 500), tickLabel(1250, 50), tickLabel(20, 10)]).toEqual([
      "5 s",
      "1.5 s",
      "1.25 s",
      "20 ms",
    ]);
  });
});

describe("the view", () => {
  test("keeps what is under the pointer when it is zoomed", () => {
    const view = zoom(all, 0.5, 2500, all);
    expect(view).toEqual({ fromMs: 1250, toMs: 6250 });
    expect((2500 - view.fromMs) / (view.toMs - view.fromMs)).toBe(0.25);
  });

  test("never leaves what there is", () => {
    expect(zoom(all, 5, 9000, all)).toEqual(all);
    expect(pan({ fromMs: 0, toMs: 1000 }, -500, all)).toEqual({ fromMs: 0, toMs: 1000 });
    expect(pan({ fromMs: 9000, toMs: 10_000 }, 500, all)).toEqual({ fromMs: 9000, toMs: 10_000 });
    expect(around(9990, 10_000, all).toMs).toBe(10_000);
  });

  test("is never closer than a millisecond", () => {
    let view = all;
    for (let count = 0; count < 100; count++) view = zoom(view, 0.5, 5000, all);
    expect(view.toMs - view.fromMs).toBeCloseTo(1);
  });
});

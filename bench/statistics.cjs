"use strict";
// Medians with their spread. Everything is measured round by round, so that a noisy moment hits all contenders alike.

/**
 * @param contenders functions by name; each returns (a promise of) a figure, or undefined when it cannot run
 * @param warmUps rounds whose figures are thrown away
 * @param swapped two that are compared closely: they change places in every second round, so that neither always comes
 *   after the same one, nor first after what they have in common
 * @returns figures by name
 */
async function interleave(contenders, { rounds, warmUps = 0, swapped, progress = () => undefined }) {
  const figures = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = -warmUps; round < rounds; round += 1) {
    for (const name of orderOf(round, Object.keys(contenders), swapped)) {
      progress(`${name}, round ${round + warmUps + 1} of ${rounds + warmUps}`);
      const figure = await contenders[name]();
      if (round >= 0) figures[name].push(figure);
    }
  }
  return figures;
}

function orderOf(round, names, [one, other] = []) {
  if (round % 2 === 0) return names;
  return names.map((name) => (name === one ? other : name === other ? one : name));
}

/** A row of the table: what was measured, in which unit, its median and its lowest and highest value. */
function row(name, unit, figures) {
  const sorted = [...figures].sort((a, b) => a - b);
  return { name, unit, median: median(figures), lowest: sorted[0], highest: sorted.at(-1), rounds: figures.length };
}

/** A row that compares two medians; `atMost` or `atLeast` is the promised limit. */
function ratio(name, over, under, promise = {}) {
  return { name, ratio: median(over) / median(under), ...promise };
}

function median(figures) {
  const sorted = [...figures].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** Milliseconds that `run` takes. */
async function timed(run) {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

module.exports = { interleave, row, ratio, median, timed };

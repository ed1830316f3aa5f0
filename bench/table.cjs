"use strict";
// The results of a bench run as text.

/** Rows of one part as text. */
function formatRows({ part, what, rows, skipped }) {
  const head = `\n${part}: ${what}\n`;
  if (skipped !== undefined) return `${head}  not measured: ${skipped}\n`;
  const width = Math.max(...rows.map(({ name }) => name.length));
  return head + rows.map((row) => `  ${row.name.padEnd(width)}  ${figure(row)}\n`).join("");
}

/** Whether a row is within its promised limit; a row without one is. */
function keepsPromise(row) {
  const value = row.ratio ?? row.median;
  return !(value > (row.atMost ?? Infinity)) && !(value < (row.atLeast ?? -Infinity)) && !Number.isNaN(value);
}

function figure(row) {
  if (row.skipped !== undefined) return `not measured: ${row.skipped}`;
  const value =
    row.ratio === undefined
      ? `${round(row.median).padStart(8)} ${row.unit.padEnd(4)}  ${round(row.lowest)} to ${round(row.highest)}, ${row.rounds} rounds`
      : `${row.ratio.toFixed(2).padStart(8)} x`;
  return value + promise(row);
}

function promise(row) {
  const unit = row.ratio === undefined ? ` ${row.unit}` : "";
  const wanted =
    row.atMost !== undefined
      ? `at most ${row.atMost}${unit}`
      : row.atLeast !== undefined
        ? `at least ${row.atLeast}${unit}`
        : undefined;
  if (wanted === undefined) return "";
  return `  ${keepsPromise(row) ? "✓" : "✗"} promised: ${wanted}`;
}

function round(value) {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

module.exports = { formatRows, keepsPromise };

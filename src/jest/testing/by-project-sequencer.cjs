"use strict";
// The order of this repository's suites: project by project, for the device that a worker keeps is one of a project; unit
// tests, which need none, before all others. Within one, as Jest has it: what failed before comes first, then what takes
// longest.
const Sequencer = require("@jest/test-sequencer").default;

module.exports = class ByProject extends Sequencer {
  sort(tests) {
    const nameOf = ({ context }) => context.config.displayName?.name ?? "";
    const sorted = super.sort(tests);
    const names = [...new Set(sorted.map(nameOf))].sort((a, b) => (b === "unit") - (a === "unit"));
    return names.flatMap((name) => sorted.filter((test) => nameOf(test) === name));
  }
};

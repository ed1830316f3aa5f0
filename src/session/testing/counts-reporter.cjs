"use strict";
// Leaves the numbers of a run in the file that AVF_COUNTS_FILE names, for whoever adds up those of several runs.
const { writeFileSync } = require("node:fs");

module.exports = class CountsReporter {
  onRunComplete(_contexts, results) {
    const path = process.env["AVF_COUNTS_FILE"];
    if (path !== undefined) writeFileSync(path, JSON.stringify({ ...results, testResults: [] }));
  }
};

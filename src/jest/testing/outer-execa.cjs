"use strict";
// What `import … from "execa"` means in a unit test: see unit-environment.ts.
module.exports = globalThis[Symbol.for("jest-avf.unit.execa")];

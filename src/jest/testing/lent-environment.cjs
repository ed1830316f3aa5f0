"use strict";
// The environment of suites whose devices a lab lends: folders of this host. `loseLease()` ends the lease of the present one.
const { join } = require("node:path");

const dist = join(__dirname, "../../../dist");
const { LentDevices } = require(join(dist, "lab/testing/lent-devices.js"));
const choice = join(dist, "session/device-choice.js");
let lab;
require(choice);
// Before anybody takes it from there.
require.cache[choice].exports = {
  chooseSource: () => ({ source: lab, timeoutMs: 60_000, what: "a device of the lab", key: "lab" }),
};
const { default: AvfEnvironment } = require(join(dist, "jest/environment.js"));

module.exports = class LentEnvironment extends AvfEnvironment {
  async setup() {
    lab = new LentDevices();
    this.global.loseLease = () => lab.lent.at(-1).lose();
    this.global.releases = () => lab.lent.map(({ releases }) => releases);
    await super.setup();
  }

  async teardown() {
    await super.teardown();
    await lab.remove();
  }
};

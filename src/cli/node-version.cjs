"use strict";
// Ends the process where Node is too old, before anything is loaded that such a Node does not understand.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`avf: Node ${process.versions.node} is too old; Node 20.19 or later is needed.\n`);
  process.exit(1);
}

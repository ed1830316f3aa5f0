"use strict";
// Two commands at once in one checkout: one installs and builds, the other waits and then finds it done.
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const WAIT_LIMIT_MS = 15 * 60_000;

/** Runs `work` while no other process does so for this folder. The lock of a dead process does not count. */
async function withCheckoutLock(root, work) {
  const name = createHash("sha256").update(root).digest("hex").slice(0, 16);
  const file = path.join(os.tmpdir(), `avf-checkout-${process.getuid()}-${name}.lock`);
  const deadline = Date.now() + WAIT_LIMIT_MS;
  while (!take(file)) {
    if (Date.now() > deadline) throw new Error(`${file} is held by process ${read(file)} for too long`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  try {
    return await work();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

function take(file) {
  const draft = `${file}.${process.pid}`;
  fs.writeFileSync(draft, `${process.pid} ${startTicks(process.pid)}`);
  try {
    // A link is there whole or not at all: nobody reads a lock without its owner's number.
    fs.linkSync(draft, file);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    const seen = read(file);
    if (seen !== undefined && !alive(seen)) removeStale(file, seen);
    return false;
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/** Undefined when the lock was let go of in between. */
function read(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** Moved aside before it is removed: of two that saw the dead owner's lock, neither removes the other's fresh one. */
function removeStale(file, seen) {
  const aside = `${file}.${process.pid}.stale`;
  try {
    fs.renameSync(file, aside);
    if (read(aside) !== seen) fs.linkSync(aside, file);
  } catch {
    // Somebody else was quicker.
  }
  fs.rmSync(aside, { force: true });
}

/** Process ids are given anew; with the time of its start a process is itself. */
function alive(text) {
  const [pid = "", ticks] = text.split(" ");
  return startTicks(pid) === ticks;
}

function startTicks(pid) {
  const stat = read(`/proc/${pid}/stat`);
  return stat === undefined ? "gone" : stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

module.exports = { withCheckoutLock };

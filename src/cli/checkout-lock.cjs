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
    if (Date.now() > deadline) throw new Error(`${file} is held by process ${owner(file)} for too long`);
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
  fs.writeFileSync(draft, String(process.pid));
  try {
    // A link is there whole or not at all: nobody reads a lock without its owner's number.
    fs.linkSync(draft, file);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (!alive(owner(file))) fs.rmSync(file, { force: true });
    return false;
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

function owner(file) {
  try {
    return Number(fs.readFileSync(file, "utf8"));
  } catch {
    return 0;
  }
}

function alive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

module.exports = { withCheckoutLock };

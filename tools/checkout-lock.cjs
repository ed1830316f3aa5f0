"use strict";
// Two commands at once in one checkout: one installs and builds, the other waits and then finds it done. The lock is in
// the checkout, where only its owner can make files, and the kernel holds it: the end of its process releases it. Linux has
// a program for that (flock); macOS and Windows lock a file as it is opened: see src/process/locks/open-lock.ts.
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const NAME = ".avf-checkout.lock";
const WAIT_LIMIT_MS = 15 * 60_000;
const SAY_AFTER_MS = 2_000;
const POLL_MS = 100;
/** There is a process id in it. */
const MAX_BYTES = 20;
/** For open(2); undefined where `flock` does it. */
const EXCLUSIVE = { darwin: 0x20, freebsd: 0x20, openbsd: 0x20, win32: 0x10000000 }[process.platform];
/** Instead of a descriptor: another process has it. */
const TAKEN = -1;

/** Reported without a stack. */
class CheckoutError extends Error {
  name = "CheckoutError";
}

/** Runs `work` while no other process does so for this folder. */
async function withCheckoutLock(root, work) {
  const file = path.join(root, NAME);
  const fd = await take(file);
  try {
    return await work();
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/** The descriptor that holds it; undefined where this user can change nothing anyway. */
async function take(file) {
  const begunMs = performance.now();
  for (let told = false; ;) {
    const fd = open(file);
    if (fd === undefined) return undefined;
    if (fd !== TAKEN && (EXCLUSIVE !== undefined || lock(fd))) {
      if (isStillAt(file, fd)) {
        fs.ftruncateSync(fd);
        fs.writeSync(fd, String(process.pid), 0);
        return fd;
      }
      // It was removed (git clean): the next process uses another file for the lock.
      fs.closeSync(fd);
      continue;
    }
    const owner = `process ${ownerIn(fd === TAKEN ? file : fd) || "of an unknown number"}`;
    if (fd !== TAKEN) fs.closeSync(fd);
    const waitedMs = performance.now() - begunMs;
    if (waitedMs > WAIT_LIMIT_MS) {
      throw new CheckoutError(
        `${owner} has installed or built for 15 minutes in this checkout; if it hangs, end it (${file})`,
      );
    }
    if (!told && waitedMs > SAY_AFTER_MS) {
      process.stderr.write(`avf: waiting for ${owner}, which installs or builds in this checkout\n`);
      told = true;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Windows lets nobody read what is locked. */
function ownerIn(file) {
  try {
    return fs.readFileSync(file, "latin1").slice(0, MAX_BYTES).replace(/\D/g, "");
  } catch {
    return "";
  }
}

/**
 * Never through a link, and never a file that has another name or another owner: its content is about to be replaced. Root
 * uses the file of the checkout's owner, and leaves one that this user can use.
 */
function open(file) {
  const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  let fd;
  try {
    // What a system does not have is undefined, and counts as 0.
    fd = fs.openSync(file, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | EXCLUSIVE, 0o600);
  } catch (error) {
    if (EXCLUSIVE !== undefined && (error.code === "EAGAIN" || error.code === "EBUSY")) return TAKEN;
    if (error.code === "EROFS" || (error.code === "EACCES" && !mayWrite(path.dirname(file)))) return undefined;
    if (error.code === "EACCES") throw notOurs(file);
    if (error.code === "ELOOP" || error.code === "EISDIR")
      throw new CheckoutError(`${file} is no plain file; remove it`);
    throw error;
  }
  try {
    const stat = fs.fstatSync(fd);
    const folder = fs.statSync(path.dirname(file));
    // On Windows all files have owner 0.
    const self = process.geteuid?.() ?? stat.uid;
    const isRoot = process.geteuid !== undefined && self === 0;
    const owners = isRoot ? [0, folder.uid] : [self];
    const isLock = stat.isFile() && stat.nlink < 2 && stat.size <= MAX_BYTES;
    if (!isLock || !owners.includes(stat.uid)) throw notOurs(file);
    if (isRoot && stat.uid !== folder.uid) fs.fchownSync(fd, folder.uid, folder.gid);
    return fd;
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

function mayWrite(folder) {
  try {
    fs.accessSync(folder, fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function notOurs(file) {
  return new CheckoutError(`${file} is no plain file of this user (uid ${process.geteuid?.()}); remove it`);
}

/** Short options: toybox knows no others. The lock belongs to what was opened, and stays with our descriptor when `flock` has ended. */
function lock(fd) {
  const { status, error } = spawnSync("flock", ["-xn", "3"], {
    stdio: ["ignore", "ignore", "inherit", fd],
  });
  if (error !== undefined) {
    throw new CheckoutError(
      `flock does not run (${error.code}): it is part of util-linux; PATH is ${process.env.PATH ?? ""}\n` +
        "Hint: apt-get install util-linux, or, where it is installed, add its folder to PATH",
    );
  }
  if (status === 0 || status === 1) return status === 0;
  throw new CheckoutError(`flock ended with exit code ${status}`);
}

function isStillAt(file, fd) {
  const now = fs.lstatSync(file, { throwIfNoEntry: false });
  return now !== undefined && now.ino === fs.fstatSync(fd).ino;
}

module.exports = { withCheckoutLock };

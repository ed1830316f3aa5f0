"use strict";
// Loaded before everything else (`node --require`), this makes Linux look like macOS to whoever asks, as far as the
// harness for real devices can tell: platform, no /proc, no programs of Linux, and a lock that is taken as a file is
// opened. What runs in shells is still Linux, as devices are. What this cannot show is that macOS does what is written
// about it; see docs/hosts.md.
const childProcess = require("node:child_process");
const fs = require("node:fs");
const { syncBuiltinESMExports } = require("node:module");
const os = require("node:os");

const O_EXLOCK = 0x20;
const LINUX_ONLY = /^(setpriv|flock|unshare|nsenter|prlimit|ss|ip|apt.*|dpkg.*|busybox|mke2fs|debugfs)$/;

for (const [name, value] of Object.entries({ platform: "darwin", arch: "arm64" })) {
  Object.defineProperty(process, name, { value, enumerable: true, configurable: true });
}
os.platform = () => "darwin";
os.arch = () => "arm64";
os.type = () => "Darwin";

/** @param isAbsent whether macOS has no file of that path */
function hide(holder, names, isAbsent, fail) {
  for (const name of names) {
    const original = holder[name];
    holder[name] = Object.assign(function (path, ...rest) {
      if (isAbsent(path)) return fail(name, path, rest);
      return original.call(this, path, ...rest);
    }, original);
  }
}

const isAbsent = (path) => typeof path === "string" && /^\/(proc|sys)(\/|$)/.test(path);

function missing(name, path) {
  const text = `ENOENT: no such file or directory, ${name} '${path}'`;
  return Object.assign(new Error(text), { code: "ENOENT", errno: -2, syscall: name, path });
}

function throwMissing(name, path, [options]) {
  if (name === "existsSync") return false;
  if (options?.throwIfNoEntry === false) return undefined;
  throw missing(name, path);
}

const READERS = ["readFile", "readdir", "readlink", "stat", "lstat", "open", "access", "realpath"];
hide(fs, [...READERS.map((name) => `${name}Sync`), "existsSync"], isAbsent, throwMissing);
hide(fs.promises, READERS, isAbsent, (name, path) => Promise.reject(missing(name, path)));

const { spawnSync } = childProcess;
for (const name of ["spawn", "spawnSync", "execFile", "execFileSync"]) {
  const original = childProcess[name];
  childProcess[name] = (program, ...rest) => original(LINUX_ONLY.test(program) ? `/none/${program}` : program, ...rest);
}

const openSync = fs.openSync;
fs.openSync = function (path, flags, mode) {
  if (typeof flags !== "number" || (flags & O_EXLOCK) === 0) return openSync(path, flags, mode);
  const fd = openSync(path, flags & ~O_EXLOCK, mode);
  const { status } = spawnSync("flock", ["-xn", "3"], { stdio: ["ignore", "ignore", "inherit", fd] });
  if (status === 0) return fd;
  fs.closeSync(fd);
  const text = `EAGAIN: resource temporarily unavailable, open '${path}'`;
  throw Object.assign(new Error(text), { code: "EAGAIN", errno: -35, syscall: "open", path });
};

syncBuiltinESMExports();

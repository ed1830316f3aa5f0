"use strict";
// The guest's boot compared with that of an earlier commit (AVF_BENCH_GUEST): the same device, service and payload; only
// the image that the VMs boot differs.
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { bootOnce, machineTime, onDevice, root } = require("../bench-device.cjs");
const { interleave, ratio, row } = require("../statistics.cjs");

const { cacheFolder } = require(path.join(root, "dist/base/paths.js"));
const { DEVICE_PACKAGES } = require(path.join(root, "dist/emulator/packages/sets.js"));
const { toolsOf, treeOf } = require(path.join(root, "dist/emulator/packages/unpack.js"));

/** Even, so that each order has as many. */
const ROUNDS = 10;
const IMAGES = ["microdroid_initrd.img", "microdroid_system.img", "microdroid_cmdline"];
const ON_DEVICE = "/data/local/tmp/bench-guest";
const INSTALLED = "/apex/com.android.virt/etc/fs";
const MAX_RATIO = 1.03;
const MAX_INITRAMFS_MIB = 4;
const BUILD_LIMIT_MS = 600_000;

async function measure({ progress }) {
  const commit = process.env["AVF_BENCH_GUEST"];
  if (commit === undefined || commit === "") return { skipped: "AVF_BENCH_GUEST names no commit to measure against" };
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "avf-bench-guest-"));
  const tree = path.join(folder, "tree");
  const git = (...args) => execFileSync("git", ["-C", root, ...args], { stdio: "ignore", timeout: BUILD_LIMIT_MS });
  try {
    git("worktree", "add", "--detach", tree, commit);
    progress(`building the guest of ${commit}`);
    const images = await buildGuest(tree, folder);
    return await onDevice((bench) => compare(bench, { commit, images, progress }));
  } finally {
    try {
      git("worktree", "remove", "--force", tree);
    } catch {
      // It was never created.
    }
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** With the code of that tree, and the packages of this one's image. */
async function buildGuest(tree, folder) {
  fs.symlinkSync(path.join(root, "node_modules"), path.join(tree, "node_modules"));
  const builder = ["tools/build.cjs", "src/cli/build.cjs"].find((file) => fs.existsSync(path.join(tree, file)));
  execFileSync(process.execPath, [builder], { cwd: tree, stdio: "ignore", timeout: BUILD_LIMIT_MS });
  const packagesRoot = treeOf(cacheFolder(), DEVICE_PACKAGES);
  const kernel = fs.readdirSync(path.join(packagesRoot, "boot")).find((name) => name.startsWith("vmlinuz-"));
  const outFolder = path.join(folder, "images");
  await require(path.join(tree, "dist/guest/image.js")).buildGuestImages({
    ...{ packagesRoot, outFolder, workFolder: path.join(folder, "work") },
    kernelVersion: kernel.slice("vmlinuz-".length),
    tools: toolsOf(cacheFolder(), DEVICE_PACKAGES),
  });
  return outFolder;
}

async function compare({ adb, su, manager, config }, { commit, images, progress }) {
  adb("shell", `mkdir -p ${ON_DEVICE}`);
  for (const name of IMAGES) adb("push", path.join(images, name), `${ON_DEVICE}/${name}`);
  const [now, before] = await Promise.all(["now", "before"].map((name) => manager.create(name, config)));
  const boot = async (vm) => {
    const before = machineTime();
    const ms = await bootOnce(vm);
    const cpu = machineTime() - before;
    await vm.stop();
    return { ms, cpu };
  };
  const contenders = {
    now: () => boot(now),
    before: async () => {
      for (const name of IMAGES) su("mount", "--bind", `${ON_DEVICE}/${name}`, `${INSTALLED}/${name}`);
      try {
        return await boot(before);
      } finally {
        for (const name of IMAGES) su("umount", `${INSTALLED}/${name}`);
      }
    },
  };
  const both = await interleave(contenders, { rounds: ROUNDS, warmUps: 1, swapped: ["now", "before"], progress });
  const of = (name, what) => both[name].map((figure) => figure[what]);
  const bytes = Number(su("stat", "-c", "%s", `${INSTALLED}/${IMAGES[0]}`));
  return [
    row("run() to the payload's first line", "ms", of("now", "ms")),
    row(`with the guest of ${commit}`, "ms", of("before", "ms")),
    row("processor time of the emulated machine meanwhile", "ms", of("now", "cpu")),
    row(`with the guest of ${commit}`, "ms", of("before", "cpu")),
    ratio(`guest now / of ${commit}: time`, of("now", "ms"), of("before", "ms"), { atMost: MAX_RATIO }),
    ratio(`guest now / of ${commit}: processor time`, of("now", "cpu"), of("before", "cpu"), { atMost: MAX_RATIO }),
    ratio(`MiB of initramfs / ${MAX_INITRAMFS_MIB}`, [bytes / 2 ** 20], [MAX_INITRAMFS_MIB], { atMost: 1 }),
  ];
}

module.exports = { measure };

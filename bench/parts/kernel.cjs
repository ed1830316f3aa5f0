"use strict";
// `avf run --kernel … --exec true`, a whole command on a device that is up: against virtme-ng on this host, and against the
// very same QEMU command line on the device with nothing around it. All with the kernel that Debian packs.
const { execFileSync, spawn } = require("node:child_process");
const { once } = require("node:events");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { quote, withTool, root } = require("../bench-device.cjs");
const { ON_DEVICE, OWN_CID, withCid, withoutControl } = require("../recorded-vm.cjs");
const { interleave, ratio, row, timed } = require("../statistics.cjs");

const { cacheFolder } = require(path.join(root, "dist/base/paths.js"));
const { startEmulatedDevice } = require(path.join(root, "dist/emulator/index.js"));

/** Even, so that each order has as many. */
const ROUNDS = 6;
const GROWTH_ROUNDS = 3;
const VMS = [1, 2, 4];
const LIMIT_MS = 300_000;
/** What the first process of `--exec` prints last. */
const LAST_WORDS = "exit 0 255";
/** What virtme-ng needs for a kernel whose drivers are modules; ours takes its default. */
const VNG_MEMORY = "512M";
const VNG_WORD = "ran-in-vng";
const avf = path.join(root, "src/cli/avf.cjs");

async function measure({ progress }) {
  // It ends with this process, also when that is killed.
  const device = await startEmulatedDevice();
  try {
    return await withTool("bare-vmm", (program) => compare(device.serial, program, progress));
  } finally {
    await device.stop();
  }
}

async function compare(serial, bareVmm, progress) {
  const kernel = packagedKernel();
  const adb = (...args) => execFileSync("adb", ["-s", serial, ...args], { encoding: "utf8", timeout: LIMIT_MS });
  adb("shell", `setprop debug.avf.vmm qemu; mkdir -p ${ON_DEVICE}`);
  adb("push", bareVmm, `${ON_DEVICE}/bare-vmm`);
  const recorded = await record(serial, kernel, adb);
  const vng = await tryVng(kernel);
  const contenders = {
    ours: () => timed(() => avfRun(serial, kernel).ended),
    bare: () => Number(adb("shell", bareCommand(recorded))),
    ...(vng.why === undefined ? { vng: () => timed(() => vngRun(kernel)) } : {}),
  };
  const figures = await interleave(contenders, { rounds: ROUNDS, warmUps: 1, swapped: ["ours", "bare"], progress });
  const grown = await growth(serial, kernel, progress);
  return [
    row("avf run --kernel --exec true, on a device that is up", "ms", figures.ours),
    row("bare QEMU on the device, same command line", "ms", figures.bare),
    vng.why === undefined
      ? row(`${vng.version} on this host, TCG, ${VNG_MEMORY}`, "ms", figures.vng)
      : { name: "virtme-ng on this host", skipped: vng.why },
    ratio("ours / bare QEMU", figures.ours, figures.bare, { atMost: 1.15 }),
    ratio("run() in a test that has its device / bare QEMU", grown["1 VMs"], figures.bare, { atMost: 1.15 }),
    ...(vng.why !== undefined ? [] : [ratio("ours, in a device / virtme-ng, on the host", figures.ours, figures.vng)]),
    ...VMS.map((count) => row(`${count} such VMs at once, run() to the last one's end`, "ms", grown[`${count} VMs`])),
    ratio("4 VMs / 1 VM", grown["4 VMs"], grown["1 VMs"]),
  ];
}

/** @returns promises for the end of the command and for the start of its VM */
function avfRun(serial, kernel) {
  const env = { ...process.env, ANDROID_SERIAL: serial };
  const argv = [avf, "run", "--kernel", kernel, "--exec", "true"];
  const child = spawn(process.execPath, argv, { env, stdio: ["ignore", "ignore", "pipe"], timeout: LIMIT_MS });
  let said = "";
  const runs = new Promise((resolve) => {
    child.stderr.on("data", (chunk) => {
      said += chunk;
      if (said.includes("vm1 runs, CID")) resolve();
    });
  });
  const ended = new Promise((resolve, reject) => {
    child.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`avf run: exit code ${code}\n${said}`))));
  });
  return { runs, ended };
}

/** Runs it once, and takes from the device how the service started QEMU, and with which files. */
async function record(serial, kernel, adb) {
  const { runs, ended } = avfRun(serial, kernel);
  await Promise.race([runs, ended]);
  const script = [
    `cd ${ON_DEVICE}`,
    "pid=$(pidof qemu-system-x86_64)",
    "tr '\\0' '\\n' </proc/$pid/cmdline >argv",
    'for what in kernel initrd; do cat "$(grep -A 1 -x -e -$what argv | tail -n 1)" >$what; done',
    "cat argv",
  ].join(" && ");
  const [program, ...all] = adb("shell", `su 0 sh -c ${quote(script)}`)
    .trimEnd()
    .split("\n");
  await ended;
  const args = withCid(withoutControl(all));
  for (const what of ["kernel", "initrd"]) args[args.indexOf(`-${what}`) + 1] = `${ON_DEVICE}/${what}`;
  return { program, args };
}

function bareCommand({ program, args }) {
  const argv = [`${ON_DEVICE}/bare-vmm`, "--to-end", OWN_CID, LAST_WORDS, `${LIMIT_MS / 1000}`, "--", program, ...args];
  return ["su", "0", ...argv.map(quote)].join(" ");
}

async function growth(serial, kernel, progress) {
  process.env["ANDROID_SERIAL"] = serial;
  const { openShell, programsOfImage } = require(path.join(root, "dist/cli/kernel/open-shell.js"));
  const { bootArchive } = require(path.join(root, "dist/cli/kernel/boot-archive.js"));
  const silent = { step: () => undefined, done: () => undefined };
  const { signal } = new AbortController();
  const shell = await openShell(silent, signal);
  try {
    const { initrd, params } = await bootArchive({
      ...{ command: "true", modules: [], rootIsDisk: false },
      programs: () => programsOfImage(silent, signal),
    });
    const made = { kernel, initrd, params: [...params, "quiet"] };
    const vms = [];
    for (let i = 1; i <= Math.max(...VMS); i += 1) vms.push(await shell.customVm({ ...made, name: `vm${i}` }));
    const toEnd = async (vm) => {
      await vm.run();
      const outcome = await vm.waitFor("died", { timeoutMs: LIMIT_MS });
      if (outcome.kind !== "died") throw new Error(`${vm.getName()}: ${outcome.kind}`);
      await vm.close();
    };
    const all = (count) => () => timed(() => Promise.all(vms.slice(0, count).map(toEnd)));
    const contenders = Object.fromEntries(VMS.map((count) => [`${count} VMs`, all(count)]));
    const figures = await interleave(contenders, { rounds: GROWTH_ROUNDS, warmUps: 1, progress });
    for (const vm of vms) await shell.remove(vm);
    return figures;
  } finally {
    await shell.close();
    delete process.env["ANDROID_SERIAL"];
  }
}

/** It needs QEMU, virtiofsd and kmod of the host, and a busybox. */
async function tryVng(kernel) {
  try {
    const version = execFileSync("vng", ["--version"], { encoding: "utf8" }).trim();
    await vngRun(kernel);
    return { version };
  } catch (error) {
    return { why: error.code === "ENOENT" ? "there is no vng (pip install virtme-ng)" : `vng fails: ${error.message}` };
  }
}

/**
 * Its QEMU opens the standard streams by name, which the sockets and pipes here do not allow. Its exit code is 255 without
 * a udevd that names the ports by which the guest would report one, and the output of the command is shown with --verbose
 * only: a word in it shows that the command ran.
 */
async function vngRun(kernel) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "avf-bench-vng-"));
  const log = path.join(folder, "log");
  const out = fs.openSync(log, "w");
  try {
    const options = ["--verbose", "--disable-kvm", "--memory", VNG_MEMORY, "--cpus", "1", "--exec", `echo ${VNG_WORD}`];
    const child = spawn("vng", ["--run", kernel, ...options], { stdio: ["ignore", out, out], timeout: LIMIT_MS });
    const [code, signal] = await once(child, "close");
    const said = fs.readFileSync(log, "latin1");
    if (!said.includes(VNG_WORD)) throw new Error(`${signal ?? `exit code ${code}`}: ${said.slice(-300)}`);
  } finally {
    fs.closeSync(out);
    fs.rmSync(folder, { recursive: true });
  }
}

/** The kernel of the device and its VMs as Debian packs it. */
function packagedKernel() {
  const boot = path.join(cacheFolder(), "packages/root/boot");
  const name = fs.readdirSync(boot).find((file) => file.startsWith("vmlinuz-"));
  return path.join(boot, name);
}

module.exports = { measure };

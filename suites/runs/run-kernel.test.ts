/** `avf run --kernel` as users type it, on one emulated device that others could use as well. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { spawn, spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { buildInitramfs } from "jest-avf/apk";
import { FIXTURE_APK, runChildProject } from "./child-project.js";
import { stopWithUs } from "./stop-with-us.js";

const avf = join(__dirname, "../../src/cli/avf.cjs");
const cache = process.env["AVF_CACHE_DIR"] ?? join(homedir(), ".cache/jest-avf");
const DEVICE = `run-kernel-${process.pid}`;

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: string;
let stopDevice: () => Promise<void>;
let serial: string;
/** Of the newest image, with the shell that it has for such VMs. */
let kernel: string;
let busybox: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-run-kernel-"));
  stopDevice = stopWithUs([DEVICE]);
  const started = spawnSync(process.execPath, [avf, "device", "start", "--name", DEVICE], { encoding: "utf8" });
  if (started.status !== 0) throw new Error(started.stderr);
  serial = started.stdout.trim();
  const images = readdirSync(join(cache, "images")).map((name) => join(cache, "images", name));
  const whole = images.filter((image) => readdirSync(image).includes("exec-init"));
  const [newest = ""] = whole.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  kernel = join(newest, "kernel");
  busybox = join(newest, "busybox");
});
afterAll(async () => {
  await stopDevice();
  rmSync(folder, { recursive: true, force: true });
});

function run(args: readonly string[], onStderr: (text: string) => void = () => undefined): Promise<Ran> {
  const env = { ...process.env, ANDROID_SERIAL: serial, NO_COLOR: "1" };
  const child = spawn(process.execPath, [avf, "run", ...args], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => void (said.stdout += String(chunk)));
  child.stderr.on("data", (chunk: Buffer) => {
    said.stderr += String(chunk);
    onStderr(said.stderr);
  });
  killers.push(() => child.kill("SIGKILL"));
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, ...said })));
}
const killers: (() => boolean)[] = [];

/** Files of jest-avf on the device: pushed images, and folders of VMs. */
function leftOnDevice(): string {
  const find = ["find", "/data/local/tmp/avf", "-mindepth", "1"];
  return spawnSync(process.execPath, [avf, "device", "shell", DEVICE, "--", ...find], { encoding: "utf8" }).stdout;
}

/** Of the kernel's package, as it is there: compressed. */
function packagedModule(wanted: string): string {
  const modules = join(cache, "packages/root/usr/lib/modules");
  const names = readdirSync(modules, { encoding: "utf8", recursive: true });
  return join(modules, names.find((name) => name.endsWith(`/${wanted}.ko.xz`)) ?? wanted);
}

describe("--exec", () => {
  test("gives output and exit code of a command", async () => {
    const command = `printf 'a"b  $HOME\\n'; echo err >&2; exit 42`;
    const { code, stdout, stderr } = await run(["--kernel", kernel, "--exec", command]);
    expect({ code, stdout }).toEqual({ code: 42, stdout: 'a"b  $HOME\nerr\n' });
    expect(stderr).toMatch(/^avf: vm1 runs, CID \d+$/m);
    expect(leftOnDevice()).toBe("");
  });

  test("neither a verbose console nor a process that cannot be killed hides it, a panic is not a success", async () => {
    const freezer = "mkdir /c && mount -t cgroup -o freezer c /c && mkdir /c/x && (sleep 1000 & echo $! >/c/x/tasks)";
    const chatty = "(while :; do echo noise; echo '<1>kernel noise' >/dev/kmsg; done) & sleep 1; false";
    const command = `${freezer}; echo FROZEN >/c/x/freezer.state; ${chatty}`;
    const failed = await run(["--kernel", kernel, "--exec", command]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("avf: a process that was killed does not end");
    expect(failed.stdout).toContain("noise\n");
    expect(failed.stderr).not.toContain("before the command did");
    const panicked = await run(["--kernel", kernel, "--exec", "echo c >/proc/sysrq-trigger; sleep 60"]);
    expect(panicked.code).toBe(1);
    expect(panicked.stderr).toMatch(/avf: vm1 ended \(\w+\) before the command did after: .*Kernel panic/);
  });

  test("what it writes to a writable disk is in the file afterwards", async () => {
    const module = packagedModule("virtio_blk");
    const driver = spawnSync("xz", ["-dc", module], { maxBuffer: 16 << 20 }).stdout;
    const root = join(folder, "with-driver");
    mkdirSync(join(root, "bin"), { recursive: true });
    writeFileSync(join(root, "bin/busybox"), readFileSync(busybox), { mode: 0o755 });
    symlinkSync("busybox", join(root, "bin/sh"));
    writeFileSync(join(root, "virtio_blk.ko"), driver);
    const [own, others] = [join(folder, "own.disk"), join(folder, "others.disk")];
    for (const file of [own, others]) writeFileSync(file, Buffer.alloc(1 << 20).fill("from the host\n", 0, 14));
    const write = "busybox dd of=/dev/vdX bs=512 seek=1 conv=fsync 2>/dev/null";
    const exec = [
      "busybox insmod /virtio_blk.ko && busybox head -c 14 /dev/vda",
      `echo of the guest | ${write.replace("X", "a")}; echo own: $?`,
      `echo of the guest | ${write.replace("X", "b")} || echo others: refused`,
    ].join("; ");
    const ran = await run([
      ...["--kernel", kernel, "--rootfs", root, "--disk", `${own}:rw`, "--disk", others, "--exec", exec],
    ]);
    expect(ran).toMatchObject({ code: 0, stdout: "from the host\nown: 0\nothers: refused\n" });
    expect(readFileSync(own).toString("latin1", 512, 525)).toBe("of the guest\n");
    expect(readFileSync(own)).toHaveLength(1 << 20);
    expect(
      readFileSync(others)
        .subarray(14)
        .every((byte) => byte === 0),
    ).toBe(true);
    expect(leftOnDevice()).toBe("");
  });

  test("in the user's own folder, and in their own initramfs", async () => {
    const root = join(folder, "root");
    mkdirSync(join(root, "usr/bin"), { recursive: true });
    symlinkSync("usr/bin", join(root, "bin"));
    writeFileSync(join(root, "usr/bin/busybox"), readFileSync(busybox), { mode: 0o755 });
    symlinkSync("busybox", join(root, "usr/bin/sh"));
    writeFileSync(join(root, "words"), "of the folder\n");
    const args = ["--kernel", kernel, "--exec", "busybox cat /words"];
    expect(await run([...args, "--rootfs", root])).toMatchObject({ code: 0, stdout: "of the folder\n" });
    const initrd = join(folder, "initrd.img");
    writeFileSync(
      initrd,
      await buildInitramfs({
        files: {
          "bin/busybox": { file: busybox, mode: 0o755 },
          "bin/sh": { link: "busybox" },
          init: "#!/bin/sh\necho never\n",
          words: "of the archive\n",
        },
      }),
    );
    expect(await run([...args, "--initrd", initrd])).toMatchObject({ code: 0, stdout: "of the archive\n" });
  });
});

test("a folder as a disk, whose driver is a module", async () => {
  const root = join(folder, "root-of-disk");
  mkdirSync(join(root, "bin"), { recursive: true });
  writeFileSync(join(root, "bin/busybox"), readFileSync(busybox), { mode: 0o755 });
  symlinkSync("busybox", join(root, "bin/sh"));
  writeFileSync(join(root, "words"), "of the disk\n");
  const exec = "busybox cat /words; echo more >/words && busybox grep -o '^/dev/vda / ext4 rw' /proc/mounts; exit 7";
  const args = ["--kernel", kernel, "--rootfs", root, "--rootfs-as-disk", "--exec", exec];
  const ran = await run([...args, "--module", packagedModule("virtio_blk")]);
  expect(ran).toMatchObject({ code: 7, stdout: "of the disk\n/dev/vda / ext4 rw\n" });
  expect(readFileSync(join(root, "words"), "utf8")).toBe("of the disk\n");
  expect(leftOnDevice()).toBe("");
  const without = await run(args);
  expect(without).toMatchObject({ code: 126, stdout: "" });
  expect(without.stderr).toContain("avf: cannot mount /dev/vda: No such file or directory; the kernel needs drivers");
  const noModule = await run([...args, "--module", join(root, "words")]);
  expect(noModule).toMatchObject({ code: 126, stdout: "" });
  expect(noModule.stderr).toContain("avf: cannot load the module words: ");
});

test("without a command the console is on stdout, and the exit code is how it ended", async () => {
  const initrd = join(folder, "own.img");
  const init = "#!/bin/busybox sh\necho hello of my own\n/bin/busybox poweroff -f\n";
  writeFileSync(initrd, await buildInitramfs({ files: { init, "bin/busybox": { file: busybox, mode: 0o755 } } }));
  const { code, stdout, stderr } = await run([
    "--kernel",
    kernel,
    "--initrd",
    initrd,
    "--params",
    "a=b",
    "--mem",
    "160",
  ]);
  expect({ code, ended: /^avf: vm1 ended: (\w+)$/m.exec(stderr)?.[1] }).toEqual({ code: 0, ended: "SHUTDOWN" });
  expect(stdout).toMatch(/Command line: .*console=ttyS0 panic=-1 a=b/);
  expect(stdout).toContain("hello of my own");
  // No initramfs: no root file system, so the kernel panics.
  expect((await run(["--kernel", kernel])).code).toBe(1);
});

describe("bad input is refused by name, and leaves nothing", () => {
  test.each<[what: string, args: () => readonly string[], code: number, words: RegExp]>([
    ["no kernel", () => ["--kernel", __filename], 2, /run-kernel\.test\.ts cannot be a kernel: it is no kernel\./],
    ["a missing file", () => ["--kernel", "missing"], 2, /missing cannot be a kernel: there is no such file\./],
    ["a folder as a disk", () => ["--kernel", kernel, "--disk", folder], 2, /cannot be a disk: it is a folder\./],
    ["a cut initramfs", () => ["--kernel", kernel, "--initrd", cut()], 2, /cannot be an initramfs: it ends within/],
    [
      "a folder without a shell",
      () => ["--kernel", kernel, "--rootfs", __dirname, "--exec", "true"],
      2,
      /has no \/bin\/sh/,
    ],
    ["a folder without init", () => ["--kernel", kernel, "--rootfs", __dirname], 2, /neither \/init nor \/sbin\/init/],
    ["two archives", () => ["--kernel", kernel, "--initrd", "a", "--rootfs", "b"], 2, /--initrd or --rootfs, not both/],
    ["a disk of nothing", () => ["--kernel", kernel, "--rootfs-as-disk"], 2, /--rootfs-as-disk goes with --rootfs/],
    ["a module without a command", () => ["--kernel", kernel, "--module", "a"], 2, /--module goes with --exec/],
    [
      "a missing module",
      () => ["--kernel", kernel, "--exec", "true", "--module", "missing.ko"],
      2,
      /There is no file missing\.ko, which --module names/,
    ],
    ["an APK beside it", () => ["--kernel", kernel, "x.apk"], 2, /--kernel takes no APK/],
    ["its options without it", () => ["x.apk", "--exec", "true"], 2, /--exec goes with --kernel/],
  ])("%s", async (_what, args, code, words) => {
    const ran = await run(args());
    expect(ran.stderr).toMatch(words);
    expect(ran.code).toBe(code);
    expect(ran.stdout).toBe("");
  });

  function cut(): string {
    const path = join(folder, "cut.img");
    writeFileSync(
      path,
      Buffer.concat([Buffer.from("070701"), Buffer.alloc(104, "0"), Buffer.from("x")]).subarray(0, 108),
    );
    return path;
  }
});

test.each(["custom-vms.md", "kernel-tests.md"])("the suite of docs/%s does what it says", (page) => {
  runChildProject({ "page.test.js": suiteOf(page) }, { apks: [FIXTURE_APK] }, ({ status, stderr }) => {
    expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining("1 passed") });
  });
});

test("a command of docs/custom-vms.md does what it says", async () => {
  const command = /^npx avf (run --kernel bzImage --exec '.*?')/m.exec(pageOf("custom-vms.md"))?.[1] ?? "";
  const [, exec = ""] = /--exec '(.*)'/.exec(command) ?? [];
  expect(await run(["--kernel", kernel, "--exec", exec])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+/),
  });
});

function pageOf(name: string): string {
  return readFileSync(join(__dirname, "../../docs", name), "utf8");
}

/** The page's suite, with the files that are here. */
function suiteOf(page: string): string {
  const suite = /^```ts\n(import .*?)^```$/ms.exec(pageOf(page))?.[1] ?? "";
  const real = suite
    .replace('"bzImage"', JSON.stringify(kernel))
    .replace('file: "busybox"', `file: ${JSON.stringify(busybox)}`);
  expect(real).not.toBe(suite);
  return real.replace(/^import (.*) from (".*");$/gm, "const $1 = require($2);");
}

test("the next run removes what a killed run left on the device", async () => {
  const sleeping = run(["--kernel", kernel, "--exec", "echo ready; sleep 600"], (stderr) => {
    if (stderr.includes("vm1 runs")) killers.at(-1)?.();
  });
  await sleeping;
  expect(leftOnDevice()).toContain("/avf/images/");
  expect((await run(["--kernel", kernel, "--exec", "true"])).code).toBe(0);
  expect(leftOnDevice()).toBe("");
});

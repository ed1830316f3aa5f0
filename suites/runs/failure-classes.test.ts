/**
 * Which failures are of class infrastructure, and so run again, and which are not: only what adb reports about the device
 * is. What a test runs, installs or requests is of class test, whatever the message.
 */
import { describe, expect, test } from "@jest/globals";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { FIXTURE_APK, runChildProject } from "./child-project.js";

/** Name of a test, its class, part of its error message, unique among rows of the same class, its body. */
type Row = readonly [name: string, failureClass: string, words: string, body: string];

const REFUSED = "refused to install";
const ON_THE_DEVICE = "on device 127.0.0.1:";

const ON_DEVICE: readonly Row[] = [
  ["a command fails", "test", ON_THE_DEVICE, `await device.exec(["false"]);`],
  ["a command is not there", "test", ON_THE_DEVICE, `await device.exec(["no-such-program"]);`],
  [
    "a command prints what adb prints",
    "test",
    ON_THE_DEVICE,
    `await device.exec(["sh", "-c", "echo error: device offline >&2; exit 1"]);`,
  ],
  [
    "a short command prints what adb prints",
    "test",
    "error: closed",
    `const { output } = await device.execShort(["sh", "-c", "echo error: closed >&2; exit 1"]); throw new Error(output);`,
  ],
  ["a command kills its shell", "test", ON_THE_DEVICE, `await device.exec(["sh", "-c", "kill -9 $$"]);`],
  [
    "a command takes too long",
    "test",
    "Timed out after 300 ms waiting for sleep 600",
    `await device.exec(["sleep", "600"], { timeoutMs: 300 });`,
  ],
  [
    "a push to a read-only place",
    "test",
    "refused the push of /proc/no-such",
    `await device.push(Buffer.from("x"), "/proc/no-such");`,
  ],
  [
    "a pull of what is not there",
    "test",
    "refused the pull of /data/local/tmp/none",
    `await device.pull("/data/local/tmp/none", "none");`,
  ],
  [
    "a read of more than is allowed",
    "test",
    "is larger than 10 bytes",
    `await device.readFile(app.apkPath, { maxBytes: 10 });`,
  ],
  [
    "a socket where nobody listens",
    "test",
    "Could not connect to /data/local/tmp/none.sock",
    `await device.connect("/data/local/tmp/none.sock");`,
  ],
  ["a forward to no port", "test", 'Cannot forward to "tcp:99999"', `await device.forward("tcp:99999");`],
  [
    "an APK that is not signed",
    "test",
    REFUSED,
    `writeFileSync("unsigned.apk", (await dropSigningBlock(apk)).bytes); await device.installApk("unsigned.apk");`,
  ],
  [
    "an APK with signature v2 only, installed by hand, as one of another key",
    "test",
    REFUSED,
    `writeFileSync("v2.apk", await signApk(apk, { schemes: ["v2"] })); await device.installApk("v2.apk");`,
  ],
  ["no APK at all", "test", REFUSED, `writeFileSync("no.apk", "no"); await device.installApk("no.apk");`],
  [
    "the vm tool refuses",
    "test",
    ON_THE_DEVICE,
    `await device.exec(["/apex/com.android.virt/bin/vm", "create-idsig", "/none", "/data/local/tmp/none"]);`,
  ],
];

const OF_VMS: readonly Row[] = [
  [
    "a VM that is there already",
    "test",
    "virtual machine already exists",
    `await vmm.create("a", config()); await vmm.create("a", config());`,
  ],
  ["no VM to delete", "test", "there is no virtual machine", `await vmm.delete("nobody");`],
  ["a VM that was not started", "test", "VM is not running", `await (await vmm.create("a", config())).stop();`],
  [
    "too little memory",
    "test",
    "setMemoryBytes(256) asks for 256 bytes, less than any kernel needs; for 256 MiB write setMemoryBytes(256 * 1024 * 1024)",
    `const vm = await vmm.create("a", app.vmConfig("assets/vm_config.json").setMemoryBytes(256).build());
     await vm.run(); await vm.waitUntil("ready");`,
  ],
  [
    "a payload config that the APK lacks",
    "test",
    "has no assets/none.json: npx avf apk show",
    `const vm = await vmm.create("a", app.vmConfig("assets/none.json").build()); await vm.run(); await vm.waitUntil("ready");`,
  ],
  [
    "a payload that the APK lacks",
    "test",
    "the APK has no lib/x86_64/none.so",
    `const vm = await vmm.create("a", app.vmConfigForBinary("none.so").build()); await vm.run(); await vm.waitUntil("ready");`,
  ],
  [
    "an APK with signature v2 only, which Microdroid does not take",
    "test",
    "Failed to generate APK signature",
    `writeFileSync("v2.apk", await signApk(apk, { schemes: ["v2"] })); await device.push("v2.apk", "/data/local/tmp/v2.apk");
     const vm = await vmm.create("a", app.vmConfig("assets/vm_config.json").setApkPath("/data/local/tmp/v2.apk").build());
     await vm.run().finally(() => device.exec(["rm", "/data/local/tmp/v2.apk"]));`,
  ],
  [
    "a VM that does not print what is expected",
    "test",
    'waiting for its output to show "never printed"',
    `const vm = await vmm.create("a", config()); await vm.run(); await vm.waitUntil("ready");
     await expect(vm).toPrint("never printed", { timeoutMs: 1000 });`,
  ],
  [
    "the VM powers itself off",
    "product",
    'VM "a" died (SHUTDOWN)',
    `const vm = await vmm.create("a", config()); await vm.run(); await vm.waitUntil("ready");
     const guest = await adbIntoVm(device, vm);
     guest.spawn(["sh", "-c", "poweroff -f"]);
     await vm.waitForConsole("never printed").finally(() => guest.close());`,
  ],
];

const HEAD = `
const { readFileSync, writeFileSync } = require("node:fs");
const { adbIntoVm, expect, test } = require("jest-avf");
const { dropSigningBlock, signApk } = require("jest-avf/apk");
const apk = readFileSync(${JSON.stringify(FIXTURE_APK)});
`;

const testOf = ([name, , , body]: Row): string => `test(${JSON.stringify(name)}, async ({ device, app, vmm }) => {
  const config = () => app.vmConfig("assets/vm_config.json").build();
  ${body}
});`;

interface TestEnd {
  readonly kind: string;
  readonly test: string;
  readonly attempt: number;
  readonly failureClass?: string;
  readonly errors?: readonly string[];
}

function testEnds(folder: string): readonly TestEnd[] {
  const out = join(folder, "out/latest");
  const files = readdirSync(out).filter((name) => /^events-.*\.jsonl$/.test(name));
  return files
    .flatMap((name) => readFileSync(join(out, name), "utf8").trimEnd().split("\n"))
    .map((line) => JSON.parse(line) as TestEnd)
    .filter(({ kind }) => kind === "test-end");
}

/** Runs them, and compares class and attempts of each. */
function check(rows: readonly Row[], more: string, others: readonly (readonly [string, string])[]): void {
  const suite = `${HEAD}${rows.map(testOf).join("\n")}${more}`;
  runChildProject({ "classes.test.js": suite }, { apks: [FIXTURE_APK] }, ({ status, stderr }, folder) => {
    const ends = testEnds(folder);
    const table = ends.map(({ test: name, attempt, failureClass }) => [name, attempt, failureClass]);
    const expected = [...rows, ...others].map(([name, failureClass]) => [name, 1, failureClass]);
    expect(table).toEqual(expected);
    const told = rows.map(([name]) => [name, ends.find(({ test: of }) => of === name)?.errors?.[0]]);
    expect(told).toEqual(rows.map(([name, , words]) => [name, expect.stringContaining(words)]));
    expect(stderr).not.toContain("runs again");
    expect(status).toBe(1);
  });
}

describe("on a device that adb reaches, a failure is not the lab's, and no test runs again", () => {
  test("when it concerns what a test runs, sends, installs or requests", () => {
    const more = `
let runs = 0;
test("passes on its second run, if it gets one", ({ device }) => device.exec(runs++ ? ["true"] : ["false"]));`;
    check(ON_DEVICE, more, [["passes on its second run, if it gets one", "test"]]);
  });

  test("when it concerns a VM, or how the test made one", () => check(OF_VMS, "", []));
});

test("what emulation loses is told, and its test runs again: a guest that hangs, a device whose QEMU is killed", () => {
  const suite = `${HEAD}const { execFileSync } = require("node:child_process");
let hangs = 0;
test("loses its guest", async ({ device, app, vmm }) => {
  const vm = await vmm.create("vm1", app.vmConfig("assets/vm_config.json").build());
  await vm.run();
  await vm.waitUntil("ready");
  writeFileSync("emulated", (await device.exec(["getprop", "debug.avf.emulated_cpus"])).stdout.trim());
  if (hangs++ > 0) return;
  await device.exec(["su", "0", "sh", "-c", "kill -STOP $(pidof qemu-system-x86_64)"]);
  await expect(vm).toPrint("never printed", { timeoutMs: 1000 });
});
let runs = 0;
test("loses its device", async ({ device }) => {
  if (runs++ === 0) execFileSync("pkill", ["-KILL", "-P", String(process.pid), "qemu-system"]);
  await device.exec(["sleep", "3"]);
});`;
  const options = { apks: [FIXTURE_APK], monitor: "qemu" };
  runChildProject({ "lost.test.js": suite }, options, ({ status, stderr }, folder) => {
    const isEmulated = readFileSync(join(folder, "emulated"), "utf8") === "1";
    const ends = testEnds(folder);
    const twice = [
      { attempt: 1, failureClass: "infrastructure" },
      { attempt: 2, errors: [] },
    ];
    // On KVM no guest is lost: it is the test that expects too much.
    const guest = isEmulated ? twice : [{ attempt: 1, failureClass: "test" }];
    expect(ends).toMatchObject([...guest, ...twice]);
    const words = 'The guest of VM "vm1" hangs: its kernel answers no vsock packet';
    expect(ends[0]?.errors?.[0]?.includes(words)).toBe(isEmulated);
    const told = ends[guest.length]?.errors?.[0];
    expect(told).toContain("The emulated device's QEMU ended by itself (SIGKILL).");
    expect(told).toMatch(/Its logs are in .*logs.avf-/);
    expect(told).toContain("serial: ");
    expect(stderr).toContain("runs again");
    expect(status).toBe(isEmulated ? 0 : 1);
  });
});

import {
  adbIntoVm,
  DEBUG_LEVEL_NONE,
  expect,
  type App,
  type Device,
  type VirtualMachine,
  type VirtualMachineConfigBuilder,
} from "jest-avf";
import { compilePayload } from "./support/compiled-payload";
import { test, type ApkShelf } from "./support/guest-test";
import { payloadApk } from "./support/payload-apk";

const LIBRARY = "CrashPayload.so";
/** That of one of Android's tests, for a payload that must not be reported. */
const NOT_EXPORTED = JSON.stringify({
  os: { name: "microdroid" },
  task: { type: "microdroid_launcher", command: LIBRARY },
  export_tombstones: false,
});

async function crashing(app: App, shelf: ApkShelf, how: string, flags: readonly string[] = []) {
  const entries = {
    [`lib/x86_64/${LIBRARY}`]: await compilePayload("CrashPayload", ["-Wl,--build-id=0x0123456789abcdef", ...flags]),
    "assets/crash.txt": Buffer.from(how),
    "assets/vm_config_no_tombstone.json": Buffer.from(NOT_EXPORTED),
  };
  const apk = await shelf.put(how, await payloadApk({ entries }));
  const of = (builder: VirtualMachineConfigBuilder): VirtualMachineConfigBuilder => builder.setApkPath(apk);
  return {
    binary: of(app.vmConfigForBinary(LIBRARY)),
    unexported: of(app.vmConfig("assets/vm_config_no_tombstone.json")),
  };
}

async function tombstones(device: Device): Promise<readonly string[]> {
  const { stdout } = await device.exec(["/system/xbin/su", "0", "sh", "-c", "cd /data/tombstones && ls"]);
  return stdout.split("\n").filter((name) => name !== "");
}

async function tombstone(device: Device, name: string): Promise<string> {
  return (await device.exec(["/system/xbin/su", "0", "cat", `/data/tombstones/${name}`])).stdout;
}

/** Of earlier tests of this file. */
async function forgetTombstones(device: Device): Promise<void> {
  await device.exec(["/system/xbin/su", "0", "sh", "-c", "rm -f /data/tombstones/* && logcat -c"]);
}

const receipts = async (device: Device): Promise<number> =>
  (await device.exec(["logcat", "-d"])).stdout
    .split("\n")
    .filter((line) => /VirtualizationService: Received [0-9]+ bytes from guest & wrote to tombstone file/.test(line))
    .length;

const ended = async (vm: VirtualMachine): Promise<void> => void (await vm.waitFor("died"));

test("an invalid read of a payload leaves a report in Android's format on the device", async ({
  app,
  vmm,
  shelf,
  device,
}) => {
  await forgetTombstones(device);
  const { binary } = await crashing(app, shelf, "null");
  const vm = await vmm.create("vm1", binary.build());
  await vm.run();
  const failed = expect(vm)
    .toPrint("what it never says")
    .catch((error: Error) => error.message);
  await ended(vm);
  // What a failed wait shows of it.
  expect(await failed).toMatch(/The payload of VM "vm1" crashed[^]*It crashed:\n[^]*signal 11 \(SIGSEGV\), code 1/);
  expect(await failed).toMatch(/#00 pc [0-9a-f]{16} {2}\S*CrashPayload\.so \(write_through\+\d+\)/);
  const crashes = vm.events.history.flatMap(({ event }) => (event.kind === "crash" ? [event.report] : []));
  expect(crashes).toEqual([expect.stringMatching(/^(\*{3} ){15}\*{3}\n[^]* {6}#0\d pc .*microdroid_launcher/)]);
  const [name = ""] = await tombstones(device);
  const text = await tombstone(device, name);
  expect(await receipts(device)).toBe(1);
  expect(text).toMatch(/^(\*{3} ){15}\*{3}\nBuild fingerprint: '[^']*'\nRevision: '[^']*'\nABI: 'x86_64'\n/);
  expect(text).toMatch(/^Timestamp: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9}\+0000\nProcess uptime: \d+s\n/m);
  expect(text).toMatch(/^Cmdline: \/system\/bin\/microdroid_launcher \/mnt\/apk\/lib\/x86_64\/CrashPayload\.so$/m);
  expect(text).toMatch(
    /^pid: (\d+), tid: \1, name: microdroid_laun {2}>>> \/system\/bin\/microdroid_launcher <<<\nuid: 6000$/m,
  );
  expect(text).toMatch(/^signal 11 \(SIGSEGV\), code 1 \(SEGV_MAPERR\), fault addr 0x0000000000000008$/m);
  expect(text).toMatch(/^Cause: null pointer dereference$/m);
  expect(text).toMatch(/^ {4}rax [0-9a-f]{16} {2}rbx [0-9a-f]{16} {2}rcx [0-9a-f]{16} {2}rdx [0-9a-f]{16}$/m);
  expect(text).toMatch(/^ {4}rbp [0-9a-f]{16} {2}rsp [0-9a-f]{16} {2}rip [0-9a-f]{16}$/m);
  const file = String.raw` {2}\/mnt\/apk\/lib\/x86_64\/CrashPayload\.so`;
  const frame = (number: string, name: string): RegExp =>
    new RegExp(`^ {6}#${number} pc [0-9a-f]{16}${file} \\(${name}\\+\\d+\\) \\(BuildId: 0123456789abcdef\\)$`, "m");
  expect(text).toMatch(frame("00", "write_through"));
  expect(text).toMatch(frame("01", "middle_of_crash"));
  expect(text).toMatch(frame("02", "AVmPayload_main"));
  expect(text).toMatch(/^ {6}#0\d pc [0-9a-f]{16} {2}\/system\/bin\/microdroid_launcher/m);
  expect(text).toMatch(/^memory near rip \(\/mnt\/apk\/lib\/x86_64\/CrashPayload\.so\):$/m);
  expect(text).toMatch(/^memory map \(\d+ entries\):\n--->Fault address falls at 00000000'00000008 before any/m);
  expect(text).toMatch(
    /^ {4}[0-9a-f]{8}'[0-9a-f]{8}-[0-9a-f]{8}'[0-9a-f]{8} r-x {2} +[0-9a-f]+ {2} +[0-9a-f]+ {2}\/mnt\/apk/m,
  );
  expect(text).toMatch(/^--------- tail end of log main\n.* W CrashPayload: about to end by null$/m);
  expect(text).toMatch(/^pid: \d+, tid: \d+, name: bystander {2}>>>/m);
  expect(text).toMatch(/^open files:\n {4}fd 0: \/dev\/hvc0 \(unowned\)$/m);
  // What debuggerd logs is in the VM's log.
  await expect(vm).toPrint(/ F libc +: Fatal signal 11 \(SIGSEGV\), code 1 \(SEGV_MAPERR\), fault addr 0x8 in tid \d+/);
  await expect(vm).toPrint(/ F DEBUG +: {7}#00 pc [0-9a-f]{16} {2}\/mnt\/apk\/lib\/x86_64\/CrashPayload\.so/);
});

test("a report without symbols has the build id; the message of assert() is in it", async ({
  app,
  vmm,
  shelf,
  device,
}) => {
  await forgetTombstones(device);
  const plain = await crashing(app, shelf, "assert");
  const logged = await crashing(app, shelf, "log-assert", ["-s"]);
  const vm1 = await vmm.create("vm1", plain.binary.build());
  const vm2 = await vmm.create("vm2", logged.binary.build());
  await Promise.all([vm1.run(), vm2.run()]);
  await Promise.all([ended(vm1), ended(vm2)]);
  const texts = await Promise.all((await tombstones(device)).map((name) => tombstone(device, name)));
  expect(texts).toHaveLength(2);
  const assertion = texts.find((text) => /Assertion/.test(text));
  expect(assertion).toMatch(/^signal 6 \(SIGABRT\), code -6 \(SI_TKILL\), fault addr --------$/m);
  expect(assertion).toMatch(
    /^Abort message: '.*CrashPayload\.c:\d+: AVmPayload_main: Assertion `how == NULL' failed\.'$/m,
  );
  const ofLog = texts.find((text) => text !== assertion);
  expect(ofLog).toMatch(/^Abort message: 'no hope left'$/m);
  expect(ofLog).toMatch(/^ {6}#\d\d pc [0-9a-f]{16} {2}\S*CrashPayload\.so \(.*\) \(BuildId: 0123456789abcdef\)$/m);
});

test("a signal from outside is reported, unless the config or the debug level says otherwise", async ({
  app,
  vmm,
  shelf,
  device,
  signal,
}) => {
  await forgetTombstones(device);
  const { binary, unexported } = await crashing(app, shelf, "signal");
  const none = await crashing(app, shelf, "null");
  const killed = await vmm.create("killed", binary.build());
  const kept = await vmm.create("kept", unexported.build());
  const silent = await vmm.create(
    "silent",
    none.binary.setVmOutputCaptured(false).setDebugLevel(DEBUG_LEVEL_NONE).build(),
  );
  await Promise.all([killed.run(), kept.run(), silent.run()]);
  for (const vm of [kept, killed]) {
    await vm.waitFor("ready");
    await using guest = await adbIntoVm(device, vm, { signal });
    // As Android's own test does it.
    await guest.execUnchecked(["sh", "-c", "kill -SIGSEGV $(pidof microdroid_launcher)"]);
    await ended(vm);
  }
  await ended(silent);
  const names = await tombstones(device);
  expect(names).toEqual(["tombstone_00"]);
  expect(await tombstone(device, "tombstone_00")).toMatch(
    /^signal 11 \(SIGSEGV\), code 0 \(SI_USER from pid \d+, uid 0\), fault addr --------$/m,
  );
  expect(await receipts(device)).toBe(1);
  // The report itself is in the log, as on a phone.
  await expect(kept).toPrint(/ W crash_dump64: exporting tombstones is not enabled$/);
  await expect(kept).toPrint(/ F DEBUG +: signal 11 \(SIGSEGV\)/);
});

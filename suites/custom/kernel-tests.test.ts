/** Kernel tests on a running kernel: KTAP as it comes over a console, between the kernel's own lines. */
import { expect, ktapCases, parseKtap, test } from "jest-avf";
import { KERNEL, shellInitramfs } from "./support/shell-initramfs.js";

const PASSES = `
check() { if eval "$3"; then echo "$1ok $2"; else echo "$1not ok $2"; fi; }
echo "KTAP version 1"
echo "1..4"
check "" "1 proc" '[ "$(cut -d " " -f 3 /proc/version)" = "$(uname -r)" ]'
echo "    # Subtest: files"
echo "    1..2"
mkdir -p /tmp
check "    " "1 mounts" 'mount -t tmpfs -o size=64k tmpfs /tmp'
check "    " "2 is-full" '! dd if=/dev/zero of=/tmp/file bs=1k count=100 2>/dev/null'
check "" "2 files" 'grep -q "^tmpfs /tmp" /proc/mounts'
[ -e /dev/no-such-device ] || echo "ok 3 device # SKIP it has no such device"
echo "not ok 4 later # TODO not there yet"`;

// What the kernel prints meanwhile is shown with the test that has no result.
const FAILS = `
echo "KTAP version 1"
echo "1..3"
echo "ok 1 begins"
echo "# two pages are left"
grep -q no-such-file-system /proc/filesystems || echo "not ok 2 file-system # exit=1"
echo c >/proc/sysrq-trigger
sleep 60`;

test("tests that pass, on one VM, and tests that fail and end in a panic, on another", async ({ device, customVm }) => {
  const boot = { kernel: KERNEL, params: "quiet" };
  const vm1 = await customVm({ ...boot, initrd: await shellInitramfs(device, PASSES) });
  const vm2 = await customVm({ ...boot, name: "vm2", initrd: await shellInitramfs(device, FAILS) });
  await Promise.all([vm1.run(), vm2.run()]);

  await expect(vm1).toPassKtap({ allowSkip: "device" });
  await expect(expect(vm1).toPassKtap()).rejects.toThrow(/SKIPPED {2}device: it has no such device/);
  await expect(vm1).toDieWith("SHUTDOWN");
  const text = vm1.lastLines(Infinity).map(({ text }) => text);
  const cases = ktapCases(parseKtap(text)).map(({ names, status }) => [names.join(" › "), status]);
  expect(cases).toEqual([
    ["proc", "passed"],
    ["files › mounts", "passed"],
    ["files › is-full", "passed"],
    ["device", "skipped"],
    ["later", "todo"],
  ]);

  const failure = expect(vm2).toPassKtap();
  await expect(failure).rejects.toThrow(/ran \d sub-tests: 1 passed, \d failed, 1 without a result/);
  await expect(failure).rejects.toThrow(/FAILED {2}file-system: exit=1\n[^]*two pages are left/);
  await expect(failure).rejects.toThrow(/NO RESULT {2}test 3: .*\n +sysrq: Trigger a crash\n[^]*panicked/);
  await expect(vm2).not.toPassKtap();
});

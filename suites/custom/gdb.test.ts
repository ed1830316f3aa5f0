/** gdb at the kernel of a VM: skipped if there is no gdb (`sudo apt install gdb`). */
import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test, type Device } from "jest-avf";
import { KERNEL, shellInitramfs } from "./support/shell-initramfs.js";

const AVF = join(__dirname, "../../src/cli/avf.cjs");
/** The guest may have to boot meanwhile. */
const GDB_TIMEOUT_MS = 240_000;
const hasGdb = spawnSync("gdb", ["-nx", "--version"]).status === 0;
const testWithGdb = hasGdb ? test : test.skip;

/** Not all at once, because the proxy to the stub is in this process. */
async function gdb(address: string, commands: readonly string[]): Promise<string> {
  const args = ["gdb", address, "--", "-nx", "-batch", ...commands.flatMap((command) => ["-ex", command])];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [AVF, ...args], { timeout: GDB_TIMEOUT_MS });
  return stdout + stderr;
}

/** crosvm has no firmware: it starts at the entry of a vmlinux. QEMU's starts where a PC's does. */
async function stubOf(device: Device): Promise<{ readonly first: RegExp; readonly again: boolean }> {
  const { stdout } = await device.exec(["/apex/com.android.virt/bin/vm", "info"]);
  if (!/monitor: crosvm/.test(stdout)) return { first: /^0x0+fff0 in /m, again: true };
  const entry = await device.exec(["od", "-An", "-tx8", "-j", "24", "-N", "8", KERNEL.onDevice]);
  return { first: new RegExp(`^0x0*${entry.stdout.trim().replace(/^0+/, "")} in `, "m"), again: false };
}

// The test ends through the kernel's variable of /proc/sys/kernel/panic, which only gdb sets.
const SCRIPT = `
grep -E " (version_proc_show|panic_timeout|vfs_read|vfs_write|vfs_open|ksys_read)$" /proc/kallsyms
echo "addresses are told"
while [ "$(cat /proc/sys/kernel/panic)" != 77 ]; do cat /proc/version >/dev/null; done
echo "panic is $(cat /proc/sys/kernel/panic)"`;

testWithGdb(
  `gdb breaks in a kernel function, reads and sets a variable, and lets the guest go on${hasGdb ? "" : ": there is no gdb"}`,
  async ({ device, customVm }) => {
    const vm = await customVm({ kernel: KERNEL, params: "quiet", initrd: await shellInitramfs(device, SCRIPT) });
    // This kernel, a vmlinux, is at the same addresses at each boot.
    await vm.run();
    const addressOf = async (name: string): Promise<string> => {
      const { groups } = await vm.waitForConsole(new RegExp(`^([0-9a-f]{16}) \\w ${name}$`));
      return `0x${groups[1] ?? ""}`;
    };
    const where = await addressOf("version_proc_show");
    const timeout = `*(int *)${await addressOf("panic_timeout")}`;
    const others = await Promise.all(["vfs_read", "vfs_write", "vfs_open", "ksys_read"].map(addressOf));
    await vm.stop();
    await vm.run({ gdb: true });
    const { address } = vm.gdb!;
    expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    // crosvm accepts one debugger per run, QEMU one after the other.
    const { first, again } = await stubOf(device);
    if (again) expect(await gdb(address, ["detach"])).toMatch(first);
    const said = await gdb(address, [
      `break *${where}`,
      ...["continue", 'printf "at %lx\\n", $rip', "stepi", "continue", 'printf "again at %lx\\n", $rip'],
      ...[`printf "it is %d\\n", ${timeout}`, `set var ${timeout} = 77`],
      // There are four of them: a fifth is refused, and does the guest no harm.
      ...[...others.map((other) => `break *${other}`), "continue", "delete", "detach"],
    ]);
    if (!again) expect(said).toMatch(first);
    const at = where.slice(2);
    expect(said).toContain(`\nat ${at}\n`);
    expect(said).toContain(`\nagain at ${at}\n`);
    expect(said).toContain("\nit is -1\n");
    expect(said).toMatch(/Cannot insert breakpoint \d/);
    await expect(vm).toPrint("panic is 77");
    await expect(vm).toDieWith("SHUTDOWN");
    expect(vm.gdb).toBeUndefined();
  },
  600_000,
);

import { adbIntoVm, expect, type Device } from "jest-avf";
import { test } from "./support/guest-test";

/** Commands that scripts of AVF's host tests use, with the answers of a phone's toybox and mksh. */
async function expectCommandsOfAndroid(device: Device): Promise<void> {
  const shell = async (command: string): Promise<string> =>
    (await device.exec(["sh", "-c", command])).stdout.replace(/\r/g, "").trimEnd();
  expect(await shell('echo "$KSH_VERSION"')).toMatch(/^@\(#\)MIRBSD KSH/);
  expect(await shell("ls -l /system/bin/ls")).toMatch(/-> toybox$/);
  expect(await shell("ps -A -o PID,NAME,ARGS")).toMatch(/^ *PID NAME +ARGS *\n *1 /);
  expect(await shell("date +%s.%N")).toMatch(/^\d{10,}\.\d{9}$/);
  expect(await shell("pgrep -l adbd")).toMatch(/^\d+ adbd$/m);
  expect(await shell("pidof adbd")).toMatch(/^\d+$/);
  expect(await shell("su 0 id -u; su root id -u")).toBe("0\n0");
  expect(await shell("getenforce")).toBe("Disabled");
  expect(await shell("ls -Zd /system/bin")).toMatch(/ \/system\/bin$/);
  // One folder for what toybox lacks, and its own folder for what it has.
  expect(await shell("which vi | xargs basename; busybox true && echo there")).toBe("vi\nthere");
}

test("commands and shell of the device are those of a phone, and so is the number of its processors", async ({
  device,
}) => {
  await expectCommandsOfAndroid(device);
  const { stdout } = await device.exec(["sh", "-c", "nproc; nproc --all; grep -c '^processor' /proc/cpuinfo"]);
  const [online, all, listed] = stdout.split("\n");
  expect([all, listed]).toEqual([online, online]);
});

test("a script that is given up ends with all that it runs", async ({ device, signal }) => {
  const untilRunning = async (wanted: readonly string[]): Promise<void> => {
    for (;;) {
      const { stdout } = await device.exec(["ps", "-A", "-o", "ARGS"], { signal });
      const running = ["sleep 874", "sleep 875", "sleep 876"].filter((each) => stdout.includes(each));
      if (running.join() === wanted.join()) return;
    }
  };
  const giveUp = new AbortController();
  const script = "(sleep 874; :) & sh -c 'sleep 875; :'; sleep 876";
  const call = device.execShort(["sh", "-c", script], { signal: giveUp.signal });
  const over = expect(call).rejects.toThrow("no longer wanted");
  await untilRunning(["sleep 874", "sleep 875"]);
  giveUp.abort(new Error("no longer wanted"));
  await over;
  await untilRunning([]);
});

test("commands and shell of a VM are those of a phone; logcat shows its log", async ({ readyVm, device, signal }) => {
  await using guest = await adbIntoVm(device, readyVm, { signal });
  await expectCommandsOfAndroid(guest);
  const { stdout } = await guest.exec(["logcat", "-d", "-s", "MicrodroidTestPayload:I"]);
  expect(stdout).toMatch(/^\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} +\d+ +\d+ I MicrodroidTestPayload: Hello Microdroid .*\n/);
  expect(stdout).not.toContain("microdroid_manager");
  const { stdout: brief } = await guest.exec(["logcat", "-v", "brief", "-t", "1", "microdroid_manager:I", "*:S"]);
  expect(brief).toMatch(/^(I\/microdroid_manager\( +1\): .*\n)?$/);
  // Payloads may set properties for debugging, and no others.
  const asPayload = (command: string): Promise<{ exitCode: number | undefined }> =>
    guest.execUnchecked(["su", "6000", "sh", "-c", command]);
  expect((await asPayload("setprop debug.microdroid.app.run true")).exitCode).toBe(0);
  expect((await asPayload("setprop ro.hardware another")).exitCode).not.toBe(0);
  expect((await asPayload("setprop dev.bootcomplete 0")).exitCode).not.toBe(0);
  const properties = await guest.exec(["sh", "-c", "getprop debug.microdroid.app.run; getprop dev.bootcomplete"]);
  expect(properties.stdout.trim()).toBe("true\n1");
});

import { adbIntoVm, expect, type App, type VirtualMachine } from "jest-avf";
import { apkOfSource } from "./support/compiled-payload";
import { test } from "./support/guest-test";

const logLines = (vm: VirtualMachine, tag: string): readonly string[] =>
  vm.output
    .lines("log")
    .map(({ text }) => text)
    .filter((text) => new RegExp(` [VDIWEF] ${tag} *: `).test(text));

const builderOf = (app: App, apk: string) => app.vmConfigForBinary("LogPayload.so").setApkPath(apk);

test("what a payload writes into Android's log is in the VM's log, as logcat shows it", async ({ app, vmm, shelf }) => {
  const vm = await vmm.create("vm1", builderOf(app, await shelf.put("log", await apkOfSource("LogPayload"))).build());
  await vm.run();
  expect(await vm.waitFor("finished")).toEqual({ kind: "finished", exitCode: 0 });
  await expect(vm).toPrint("after the long one");
  const lines = logLines(vm, "LogPayload");
  expect(lines[0]).toMatch(/^\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} +(\d+) +\1 D LogPayload: one line$/);
  expect(lines.map((line) => line.replace(/^.*(?=[VDIWEF] LogPayload)/, ""))).toEqual([
    "D LogPayload: one line",
    "I LogPayload: number 7 of many",
    "I LogPayload: to radio",
    "I LogPayload: to system",
    "E LogPayload: to crash",
    "I LogPayload: after the long one",
  ]);
  // A tag of less than eight letters is padded; each line has its own prefix.
  expect(logLines(vm, "short").map((line) => line.replace(/^.* I /, ""))).toEqual([
    "short   : first",
    "short   : second",
  ]);
  expect(logLines(vm, "Long")[0]).toMatch(/ I Long {4}: x{4000,4068}$/);
});

test("a payload that does not link the library can log as well", async ({ readyVm }) => {
  await expect(readyVm).toPrint(/ I MicrodroidTestPayload: Hello Microdroid /);
});

test("console and log of a VM that prints too much are cut with a message, and the VM continues", async ({
  app,
  vmm,
  device,
  signal,
}) => {
  const bound = "debug.avf.vm_output_bytes";
  await device.exec(["setprop", bound, "512"]);
  try {
    const vm = await vmm.create("vm1", app.vmConfig("assets/vm_config.json").build());
    await vm.run();
    const cut = "[vm: this file ends here because it has 512 bytes; the VM continues]";
    await expect(vm).toPrint(cut);
    await using guest = await adbIntoVm(device, vm, { signal });
    expect((await guest.exec(["getprop", "dev.bootcomplete"])).stdout.trim()).toBe("1");
    const files = (["console", "log"] as const).map((stream) => vm.output.lines(stream).map(({ text }) => text));
    const ended = files.filter((lines) => lines.includes(cut));
    expect(ended).not.toEqual([]);
    for (const lines of ended) {
      expect(lines.at(-1)).toBe(cut);
      expect(lines.join("\n").length).toBeLessThan(512 + 2 * cut.length);
    }
  } finally {
    await device.exec(["setprop", bound, ""]);
  }
});

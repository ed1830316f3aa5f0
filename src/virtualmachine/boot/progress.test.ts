import { describe, expect, test } from "@jest/globals";
import { BootProgress } from "./progress.js";
import { stagesOfLine } from "./stages.js";
import { troubleOfLine } from "./trouble.js";
import type { OutputLine } from "../lines/line-history.js";

const line = (text: string, atMs: number, run = 1): OutputLine => ({ stream: "console", text, atMs, run, sequence: 0 });

function begun(): BootProgress {
  const boot = new BootProgress(() => undefined);
  boot.runAsked(1);
  boot.runBegan(1000);
  return boot;
}

const table = (boot: BootProgress): Record<string, number> =>
  Object.fromEntries(boot.stages.map(({ stage, afterMs }) => [stage, afterMs]));

describe("a line shows a stage", () => {
  test.each([
    ["[INFO] pVM firmware", ["firmware"]],
    ["[INFO] Starting payload...", ["kernel"]],
    ["[    0.000000][    T0] Booting Linux on physical CPU 0x0000000000 [0x410fd034]", ["kernel"]],
    ["[    0.512345][    T1] Run /init as init process", ["kernel", "init"]],
    ["[    0.523456][    T1] init: init first stage started!", ["kernel", "init"]],
    ["[    1.242108] microdroid_manager[1]: started.", ["kernel", "init"]],
    ["11-22 20:23:03.115     1     1 I microdroid_manager: started.", ["init"]],
    ["01-01 00:00:01.234   135   135 I microdroid_manager: payload verification successful. took 77ms", ["verified"]],
    ["[    2.100000][  T135] microdroid_manager[135]: Saved data is verified.", ["kernel", "verified"]],
    ["01-01 00:00:02.000   135   135 I microdroid_manager: executing main task Task { type_: X }...", ["payload"]],
    ["[    2.447932] microdroid_manager[1]: notifying payload ready", ["kernel", "ready"]],
    ["Hello Microdroid", []],
    ["the payload says: executing main task", []],
  ])("%j", (text, stages) => {
    expect(stagesOfLine(text).map(({ stage }) => stage)).toEqual(stages);
  });
});

describe("a boot", () => {
  test("of the emulated device's guest: the kernel is quiet, and its start is read from the first time stamp", () => {
    const boot = begun();
    boot.line(line("11-22 20:23:03.115     1     1 I microdroid_manager: started.", 5000));
    boot.line(line("[    1.500000] microdroid_manager[1]: started.", 5100));
    boot.line(
      line("11-22 20:23:03.727  1  1 I microdroid_manager: payload verification successful. took 138 ms", 5500),
    );
    boot.line(line("[    2.077494] microdroid_manager[1]: executing main task microdroid_launcher X.so...", 5700));
    boot.event({ kind: "payload-started" }, 5800);
    boot.event({ kind: "payload-ready" }, 6000);
    expect(table(boot)).toEqual({ vmm: 0, kernel: 2600, init: 4000, verified: 4500, payload: 4700, ready: 5000 });
    expect(boot.log.history.map(({ stage }) => stage)).toEqual([
      ...["vmm", "init", "kernel", "verified", "payload", "ready"],
    ]);
    expect(boot.stage).toBe("ready");
  });

  test("of Microdroid with protection", () => {
    const boot = begun();
    const lines = [
      "[INFO] pVM firmware",
      "[INFO] Starting payload...",
      "[    0.000000][    T0] Booting Linux on physical CPU 0x0000000000 [0x410fd034]",
      "[    0.312345][    T1] Run /init as init process",
      "[    1.912345][  T135] microdroid_manager[135]: payload verification successful. took 77ms",
      "[    2.512345][  T135] microdroid_manager[135]: executing main task Task { }...",
    ];
    lines.forEach((text, index) => boot.line(line(text, 1100 + 100 * index)));
    expect(table(boot)).toEqual({ vmm: 0, firmware: 100, kernel: 200, init: 400, verified: 500, payload: 600 });
  });

  test("without a console is known from events alone, and a skipped stage is no later than the next", () => {
    const boot = begun();
    boot.event({ kind: "payload-started" }, 3000);
    expect(table(boot)).toEqual({ vmm: 0, payload: 2000 });
    boot.line(line("01-01 00:00:01.234   135   135 I microdroid_manager: Saving verified data.", 3050));
    expect(table(boot)).toEqual({ vmm: 0, verified: 2000, payload: 2000 });
  });

  test("starts again with each run, and lines of earlier runs do not count", () => {
    const boot = begun();
    boot.event({ kind: "payload-started" }, 3000);
    boot.runAsked(2);
    expect([boot.stage, boot.stages]).toEqual([undefined, []]);
    boot.runBegan(9000);
    boot.line(line("init: init first stage started!", 9100, 1));
    expect(table(boot)).toEqual({ vmm: 0 });
    expect(boot.log.history.map(({ run, stage }) => [run, stage])).toEqual([
      [1, "vmm"],
      [1, "payload"],
      [2, "vmm"],
    ]);
  });

  test("a guest whose clock is ahead does not begin before its VM", () => {
    const boot = begun();
    boot.line(line("[ 9999.000000] x", 1200));
    expect(table(boot)).toEqual({ vmm: 0, kernel: 0 });
  });

  test("moves with each line until the payload runs", () => {
    const boot = begun();
    boot.line(line("anything", 1500));
    expect([boot.movedMs, boot.isOver]).toEqual([1500, false]);
    boot.event({ kind: "payload-started" }, 2000);
    boot.line(line("anything", 2500));
    expect([boot.movedMs, boot.isOver]).toEqual([2000, true]);
  });
});

describe("trouble", () => {
  test.each([
    ["[    2.1][    T1] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000b", "kernel-panic"],
    ["E microdroid_manager: Payload exited due to signal: 11 (SIGSEGV)", "payload-crash"],
    [
      "F libc    : Fatal signal 11 (SIGSEGV), code 1 (SEGV_MAPERR), fault addr 0x0 in tid 160 (microdroid_launc), pid 160",
      "payload-crash",
    ],
    ["F libc    : Fatal signal 6 (SIGABRT), code -1 (SI_QUEUE) in tid 99 (adbd), pid 99 (adbd)", undefined],
    ["[    2.1] Oops: general protection fault", undefined],
    ["no panic here", undefined],
    ["the payload tells of a Kernel panic - not syncing", undefined],
    ["login: [    2.1][    T1] Kernel panic - not syncing: x", "kernel-panic"],
  ])("%j: %s", (text, kind) => {
    expect(troubleOfLine(text)).toBe(kind);
  });

  test("is the first of its run, also long after the boot", () => {
    const boot = begun();
    boot.event({ kind: "payload-ready" }, 2000);
    boot.line(line("Kernel panic - not syncing: first", 3000));
    boot.line(line("Kernel panic - not syncing: second", 3001));
    expect(boot.trouble?.line.text).toContain("first");
    boot.runAsked(2);
    expect(boot.trouble).toBeUndefined();
  });
});

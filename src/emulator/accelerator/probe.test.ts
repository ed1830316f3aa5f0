import { describe, expect, test } from "@jest/globals";
import { bootOnce, judge, type TrialBoot, type TrialLimits } from "./probe.js";

/** A QEMU that does what a shell says; `$LOG` is the file of its serial console. */
const fakeQemu = (script: string) => (folder: string) => ["sh", "-c", `LOG=$0/serial.log; ${script}`, folder];
const LIMITS: TrialLimits = { silentCpuMs: 300, timeoutMs: 60_000 };
const BUSY_LOOP = "while :; do :; done";

async function verdictOf(script: string, limits = LIMITS): Promise<ReturnType<typeof judge>> {
  return judge(await bootOnce(fakeQemu(script), { limits }));
}

describe("a trial boot on KVM", () => {
  test("counts as soon as its kernel saw a KVM of its own, whether or not QEMU ends", async () => {
    expect(await verdictOf("echo AVF-PROBE nested=yes >$LOG; exec sleep 1000")).toMatchObject({
      ...{ accelerator: "kvm", holds: "always" },
    });
    expect(await verdictOf("echo AVF-PROBE nested=no >$LOG")).toMatchObject({
      accelerator: "tcg",
      reason: expect.stringMatching(/without nested/),
    });
  });

  test("that is slow after its init is waited for, however much processor time it takes", async () => {
    // More than what a silent one is given.
    const slow = `echo AVF-PROBE init >$LOG; n=0; while [ $n -lt 400000 ]; do n=$((n+1)); done; echo AVF-PROBE nested=yes >>$LOG`;
    expect(await verdictOf(slow, { ...LIMITS, silentCpuMs: 100 })).toMatchObject({ accelerator: "kvm" });
  });

  test("is waited for while its kernel prints, not once it stops", async () => {
    const word = "n=0; while [ $n -lt 20000 ]; do n=$((n+1)); done; echo word >>$LOG";
    const talks = `i=0; while [ $i -lt 40 ]; do i=$((i+1)); ${word}; done; echo AVF-PROBE nested=yes >>$LOG`;
    expect(await verdictOf(talks, { ...LIMITS, silentCpuMs: 200 })).toMatchObject({ accelerator: "kvm" });
    expect(await verdictOf(`${word}; ${BUSY_LOOP}`)).toMatchObject({
      ...{ accelerator: "tcg", holds: "some time" },
      reason: expect.stringMatching(/said nothing on it in /),
    });
  });

  test("that prints nothing with plenty of processor time counts as hanging", async () => {
    expect(await verdictOf(BUSY_LOOP)).toMatchObject({
      ...{ accelerator: "tcg", holds: "some time" },
      reason: expect.stringMatching(/said nothing on it in .* of processor time: this KVM hangs ordinary kernels$/),
    });
  });

  test("that had no processor time has no result: it is tried again soon", async () => {
    expect(await verdictOf("exec sleep 1000", { silentCpuMs: 300, timeoutMs: 500 })).toMatchObject({
      ...{ accelerator: "tcg", holds: "briefly" },
      reason: expect.stringMatching(/did not come up on KVM in time .* the next run tries again$/),
    });
  });

  test("that could not open /dev/kvm at that moment is tried again soon", async () => {
    const words = "qemu-system-x86_64: failed to initialize kvm: Device or resource busy";
    expect(await verdictOf(`echo "${words}" >&2; exit 1`)).toMatchObject({
      ...{ accelerator: "tcg", holds: "briefly" },
      reason: `the trial kernel did not boot on KVM: ${words}`,
    });
  });

  test("whose QEMU fails reports it with the last messages", async () => {
    expect(await verdictOf("echo first >&2; echo 'qemu: Assertion failed' >&2; exit 134")).toMatchObject({
      ...{ accelerator: "tcg", holds: "some time" },
      reason: "the trial kernel did not boot on KVM: qemu: Assertion failed",
    });
  });

  test("of a QEMU that does not start says why", async () => {
    const outcome: TrialBoot = await bootOnce(() => ["/nowhere/qemu"], { limits: LIMITS });
    expect(judge(outcome)).toMatchObject({ accelerator: "tcg", reason: expect.stringContaining("/nowhere/qemu") });
  });

  test("ends with the process that started it", async () => {
    const controller = new AbortController();
    const boot = bootOnce(fakeQemu("exec sleep 1000"), { limits: LIMITS, signal: controller.signal });
    controller.abort(new Error("Ctrl-C"));
    await expect(boot).rejects.toThrow("Ctrl-C");
  });
});

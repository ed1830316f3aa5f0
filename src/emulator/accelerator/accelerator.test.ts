import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InfrastructureError, UsageError } from "../../base/errors.js";
import { goOnWithoutKvm, isMachinesFault, namingTcg, probeAccelerator, wantedAccelerator } from "./accelerator.js";
import { snapshotFinding } from "./findings.js";
import { forgetAccelerator, recall, remember } from "./memory.js";

let cache: string;
beforeEach(() => void (cache = mkdtempSync(join(tmpdir(), "accelerator-"))));
afterEach(() => {
  rmSync(cache, { recursive: true });
  delete process.env["AVF_ACCEL"];
});

describe("what is remembered of a host's KVM", () => {
  const yes = { accelerator: "kvm", reason: "a trial kernel booted on KVM" } as const;
  const no = { accelerator: "tcg", reason: "it hangs", untilMs: 5_000 } as const;

  test("holds for that host only", async () => {
    await remember(cache, "host nested=0", yes);
    expect(await recall(cache, "host nested=0")).toEqual(yes);
    expect(await recall(cache, "host nested=1")).toBeUndefined();
    await forgetAccelerator(cache);
    expect(await recall(cache, "host nested=0")).toBeUndefined();
  });

  test("is a no for some time only", async () => {
    await remember(cache, "host", no);
    expect(await recall(cache, "host", 4_999)).toEqual(no);
    expect(await recall(cache, "host", 5_000)).toBeUndefined();
  });

  test("is not kept by a clock that was ahead when it was asked", async () => {
    await remember(cache, "host", { ...no, untilMs: 365 * 86_400_000 });
    expect(await recall(cache, "host", 1_000)).toBeUndefined();
  });

  test("is nothing when the file is damaged", async () => {
    await remember(cache, "host", { accelerator: "other" as "tcg", reason: "x" });
    expect(await recall(cache, "host")).toBeUndefined();
  });
});

describe("a trial", () => {
  test("that fails on KVM says why processors are emulated; one that succeeds prints nothing", async () => {
    const image = join(cache, "image");
    for (const name of ["lib", "bin"]) mkdirSync(join(image, "emulator", name), { recursive: true });
    writeFileSync(join(image, "emulator/bin/qemu-system-x86_64"), "");
    // The loader is what is started.
    const trial = async (script: string): Promise<readonly string[]> => {
      writeFileSync(join(image, "emulator/lib/ld-linux-x86-64.so.2"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      const steps: string[] = [];
      await probeAccelerator(cache, image, { step: (text) => void steps.push(text), detail: () => undefined });
      return steps;
    };
    const begin = "Trying whether this host's KVM can run the device";
    const reason = "the trial kernel did not boot on KVM: qemu: Assertion failed";
    expect(await trial("echo 'qemu: Assertion failed' >&2; exit 134")).toEqual([
      begin,
      `Going on with emulated processors: ${reason}`,
    ]);
    const passes = `for word; do case $word in file:*) echo "AVF-PROBE nested=yes" >"\${word#file:}";; esac; done`;
    expect(await trial(passes)).toEqual([begin]);
  });
});

describe("a KVM that passed its trial but does not run the device", () => {
  const error = new InfrastructureError("KVM_UNAVAILABLE", "QEMU could not use /dev/kvm of this host.", {
    lastLines: ["failed to initialize kvm"],
  });

  test("falls back to emulated processors, and reports it", async () => {
    const steps: string[] = [];
    const progress = { step: (text: string) => void steps.push(text), detail: () => undefined };
    const answer = await goOnWithoutKvm(cache, error, progress);
    expect(answer).toMatchObject({ accelerator: "tcg", reason: expect.stringContaining("could not use /dev/kvm") });
    expect(answer.untilMs).toBeGreaterThan(Date.now());
    expect(steps).toEqual([
      "KVM does not run the device (QEMU could not use /dev/kvm of this host); going on with emulated processors",
    ]);
  });

  test("is an error with a hint when KVM was requested", async () => {
    process.env["AVF_ACCEL"] = "kvm";
    const refused = goOnWithoutKvm(cache, error);
    await expect(refused).rejects.toBeInstanceOf(UsageError);
    await expect(refused).rejects.toThrow(/AVF_ACCEL=kvm, but the device cannot run on KVM: .*\n.*AVF_ACCEL=tcg/);
    await expect(refused).rejects.toThrow("failed to initialize kvm");
  });
});

test("the error of a device that does not come up on KVM names what does without it", () => {
  const hint = "npx avf setup --renew snapshot";
  const error = new InfrastructureError("DEVICE_NOT_READY", "It is not ready.", {
    ...{ details: ["Its logs are in /x."], hint, lastLines: ["serial: panic"] },
  });
  expect(namingTcg(error, "kvm")).toMatchObject({
    code: "DEVICE_NOT_READY",
    message:
      "It is not ready.\nIts logs are in /x.\n" +
      `Hint: ${hint}; AVF_ACCEL=tcg does without this host's KVM\nLast output:\n  serial: panic`,
  });
  expect(namingTcg(error, "tcg")).toBe(error);
  for (const code of ["ADB_CONNECT", "NO_SPACE"]) {
    const other = new InfrastructureError(code, "x");
    expect(namingTcg(other, "kvm")).toBe(other);
  }
});

test("only faults of the machine itself count against KVM; other failures are reported as they are", () => {
  const counts = (code: string): boolean => isMachinesFault(new InfrastructureError(code, "x"));
  const beside = ["ADB_VERSION", "ADB_CONNECT", "NO_SPACE", "PORT_BUSY", "FLOCK_FAILED", "LOCK_TIMEOUT"];
  expect(beside.filter(counts)).toEqual([]);
  const own = ["KVM_UNAVAILABLE", "DEVICE_ENDED", "QEMU_GONE", "TIMEOUT", "DEVICE_NOT_READY", "SNAPSHOT_UNUSABLE"];
  expect(own.filter(counts)).toEqual(own);
  expect(isMachinesFault(new Error("TIMEOUT"))).toBe(false);
});

test.each(["maybe", "KVM"])("AVF_ACCEL=%s is refused", (value) => {
  expect(() => wantedAccelerator(value)).toThrow(`AVF_ACCEL is "${value}"; it may be tcg, kvm or auto.`);
});

describe("a snapshot", () => {
  const folderFor = (accelerator: string): string => join(cache, accelerator);

  test("is not reported as missing while the accelerator is unknown, as after a reboot", () => {
    expect(snapshotFinding(undefined, folderFor)).toMatchObject({ state: "missing" });
    mkdirSync(folderFor("kvm"));
    expect(existsSync(folderFor("tcg"))).toBe(false);
    expect(snapshotFinding(undefined, folderFor)).toMatchObject({
      state: "ok",
      detail: expect.stringMatching(/^there for kvm;/),
    });
    expect(snapshotFinding({ accelerator: "tcg", reason: "" }, folderFor)).toMatchObject({ state: "missing" });
    expect(snapshotFinding({ accelerator: "kvm", reason: "" }, folderFor)).toMatchObject({ state: "ok" });
  });
});

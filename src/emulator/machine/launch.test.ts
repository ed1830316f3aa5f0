import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TimeoutError } from "../../base/errors.js";
import { explainTimeout, launchMachine, type Machine } from "./launch.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "launch-"));
  process.env["AVF_CACHE_DIR"] = folder;
});
afterEach(() => {
  delete process.env["AVF_CACHE_DIR"];
  rmSync(folder, { recursive: true });
});

/** A QEMU that does what a shell says. */
function launch(script: string): Machine {
  return launchMachine(["sh", "-c", script], { folder, workingFolder: folder, detached: false });
}

const ASSERTION = "qemu: ../target/i386/kvm/kvm.c:3213: kvm_buf_set_msrs: Assertion failed.";

describe("a QEMU that ends early", () => {
  test("is quoted in the error of the wait for its greeting, and its log is kept", async () => {
    const machine = launch(`echo '${ASSERTION}' >&2; echo booting >serial.log; kill -ABRT $$`);
    await expect(machine.qmp.negotiate()).rejects.toMatchObject({
      code: "DEVICE_ENDED",
      message: expect.stringContaining(`qemu: ${ASSERTION}`),
      shortMessage: "The emulated device's QEMU ended by itself (SIGABRT).",
    });
    const { message } = machine.ended.reason as Error;
    expect(message).toContain("serial: booting");
    const kept = /Its logs are in (.*)\./.exec(message)?.[1] ?? "";
    expect(readFileSync(join(kept, "qemu.log"), "utf8")).toContain(ASSERTION);
    expect(existsSync(join(kept, "serial.log"))).toBe(true);
  });

  test("also without a listener it is quoted; logs of a starting machine are kept under its later name", async () => {
    const draft = join(folder, "tcg-1.process-1-0123456789abcdef.tmp");
    mkdirSync(draft);
    writeFileSync(join(draft, "serial.log"), "first\nstands here\n");
    writeFileSync(join(draft, "qemu.log"), "");
    const timeout = new TimeoutError("TIMEOUT", "Waited 5 min for an answer.");
    const told = explainTimeout(timeout, draft);
    expect(told).toMatchObject({ code: "TIMEOUT", shortMessage: timeout.message, kind: "infrastructure" });
    expect(told).toMatchObject({ message: expect.stringContaining("serial: stands here") });
    expect(readFileSync(join(folder, "logs/tcg-1/serial.log"), "utf8")).toContain("stands here");
    const other = new Error("something else");
    expect(explainTimeout(other, draft)).toBe(other);
  });

  test("because of a missing /dev/kvm has a code of its own", async () => {
    const machine = launch(`echo 'Could not access KVM kernel module: No such file or directory' >&2; exit 1`);
    await expect(machine.qmp.negotiate()).rejects.toMatchObject({
      code: "KVM_UNAVAILABLE",
      hint: expect.stringContaining("AVF_ACCEL=tcg"),
    });
  });

  test("because its memory's file cannot grow: no space, with what frees some", async () => {
    const machine = launch("echo booting >serial.log; kill -BUS $$");
    await expect(machine.qmp.negotiate()).rejects.toMatchObject({
      code: "NO_SPACE",
      shortMessage: `The memory of the emulated device's QEMU found no disk space in ${folder} (SIGBUS).`,
      message: expect.stringContaining("serial: booting"),
      hint: expect.stringContaining("AVF_CACHE_DIR"),
    });
  });

  test("in the middle of a command is quoted there", async () => {
    const machine = launch(
      `echo '{"QMP":{}}' >&3; read -r line <&3; echo '{"return":{},"id":1}' >&3; read -r line <&3; echo bye >&2; exit 3`,
    );
    await machine.qmp.negotiate();
    await expect(machine.qmp.execute("cont")).rejects.toMatchObject({
      code: "DEVICE_ENDED",
      message: expect.stringMatching(/\(exit code 3\)[^]*qemu: bye/),
    });
    await expect(machine.qmp.execute("cont")).rejects.toMatchObject({ code: "DEVICE_ENDED" });
  });

  test("does not start: that is reported", async () => {
    const machine = launchMachine(["/nowhere/qemu"], { folder, workingFolder: folder, detached: false });
    await expect(machine.qmp.negotiate()).rejects.toMatchObject({ code: "DEVICE_ENDED" });
  });

  test("because it was ended leaves no log", async () => {
    const machine = launch("exec sleep 1000");
    await machine.kill();
    expect(machine.ended.aborted).toBe(true);
    expect(existsSync(join(folder, "logs"))).toBe(false);
  });
});

import { describe, expect, test } from "@jest/globals";
import { VirtualMachineException } from "./errors.js";

describe("a VirtualMachineException", () => {
  test("has the VM's name below Java's words, which stay as they are", () => {
    const error = new VirtualMachineException("VM_NOT_RUNNING", "VM is not running", { vmName: "vm1", hint: "run it" });
    expect(error.shortMessage).toBe("VM is not running");
    expect(error.message).toBe('VM is not running\nName of the VM: "vm1".\nHint: run it');
  });

  test.each([
    ["that has it already", 'VM "vm1" cannot be debugged.', "vm1"],
    ["of no VM", "Failed to generate APK signature", undefined],
  ])("%s gets no such line", (_what, message, vmName) => {
    expect(new VirtualMachineException("START_FAILED", message, { vmName }).message).toBe(message);
  });
});

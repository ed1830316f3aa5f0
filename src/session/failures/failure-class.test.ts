import { expect, test } from "@jest/globals";
import { HarnessError, InfrastructureError, TimeoutError, UsageError } from "../../base/errors.js";
import { CommandFailedError, type CommandResult } from "../../process/run.js";
import { VirtualMachineException } from "../../virtualmachine/index.js";
import { classifyFailure } from "./failure-class.js";

const result: CommandResult = {
  ...{ argv: ["false"], exitCode: 1, stdout: "", stderr: "", durationMs: 1, signal: undefined },
  ...{ timedOut: false, canceled: false, startFailure: undefined },
};
const lab = new InfrastructureError("DEVICE_OFFLINE", "Device x is offline.");
const vm = new HarnessError("vm", "VM_TOOL_FAILED", "vm run-app failed");
const usage = new UsageError("VSOCK_PORT", "Not a vsock port: 0");

test.each([
  ["a plain error", new Error("x"), "test"],
  ["text", "x", "test"],
  ["a command on the device", new CommandFailedError(result, { serial: "x", kind: "expectation" }), "test"],
  ["a program of this host", new CommandFailedError(result), "infrastructure"],
  ["a wait of ours", new TimeoutError("TIMEOUT", "Timed out"), "infrastructure"],
  ["a call that the test gave too little time", new TimeoutError("TIMEOUT", "x", {}, "expectation"), "test"],
  ["the lab, wrapped in plain errors", new Error("a", { cause: new Error("b", { cause: lab }) }), "infrastructure"],
  ["the lab, below a VM's failure", new VirtualMachineException("START_FAILED", "x", { cause: lab }), "infrastructure"],
  ["a VM that does not start", new VirtualMachineException("START_FAILED", "x", { cause: vm }), "product"],
  ["a VM asked for what cannot be", new VirtualMachineException("VSOCK_FAILED", "x", { cause: usage }), "test"],
  ["a name that is taken", new VirtualMachineException("VM_EXISTS", "x"), "test"],
  ["a package that is not there", new VirtualMachineException("PACKAGE_NOT_FOUND", "x"), "test"],
  ["an APK that gets no idsig", new VirtualMachineException("IDSIG_FAILED", "x", { cause: vm }), "test"],
  ["a VM that is not in the right state", new VirtualMachineException("VM_NOT_STOPPED", "x"), "test"],
])("%s", (_what, error, failureClass) => {
  expect(classifyFailure([error], { deviceGone: false, vmFailed: false, guestLost: false, notAwaited: false })).toBe(
    failureClass,
  );
  // As Jest keeps it.
  expect(
    classifyFailure([[error, new Error("declared")]], {
      deviceGone: false,
      vmFailed: false,
      guestLost: false,
      notAwaited: false,
    }),
  ).toBe(failureClass);
});

test("a VM that is not in the right state because it crashed is the product's", () => {
  const error = new VirtualMachineException("VM_NOT_RUNNING", "VM is not running");
  expect(classifyFailure([error], { deviceGone: false, vmFailed: true, guestLost: false, notAwaited: false })).toBe(
    "product",
  );
  expect(
    classifyFailure([new Error("x")], { deviceGone: true, vmFailed: true, guestLost: false, notAwaited: false }),
  ).toBe("infrastructure");
});

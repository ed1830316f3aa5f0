/** VirtualMachine, with the methods of earlier releases. */
import { BEFORE_15, EVERY, FROM_13, ONLY_15, constant, different, inFile, outOfScope, present } from "./row.js";
import type { Row, Section } from "./row.js";

const manager = inFile("manager.test.ts");
const setConfig = inFile("files/set-config.test.ts");
const output = inFile("lines/output.test.ts");
const run = inFile("run/run.test.ts");
const stateTable = inFile("state-table.test.ts")("a VM that is %s");
const descriptor = inFile("files/descriptor.test.ts");
const vsockSuite = inFile("suites/lifecycle/vsock.test.ts");
const inputSuite = inFile("suites/lifecycle/console-input.test.ts");
const BINDER = "the other end speaks RPC binder, which has no meaning on this side of adb";
const CUSTOM_VM =
  "windows and input devices belong to VMs with an image of their own, to which the `vm run` cannot give any";

export const MACHINE: Section = {
  title: "VirtualMachine",
  rows: [
    constant("STATUS_STOPPED", 0, "VirtualMachine.STATUS_STOPPED"),
    constant("STATUS_RUNNING", 1, "VirtualMachine.STATUS_RUNNING"),
    constant("STATUS_DELETED", 2, "VirtualMachine.STATUS_DELETED"),
    ...(["STOPPED", "RUNNING", "DELETED"] as const).map((name) =>
      constant(`Status.${name}`, name, `Status.${name}`, BEFORE_15),
    ),
    constant("MIN_VSOCK_PORT", 1024, "VirtualMachine.MIN_VSOCK_PORT"),
    constant("MAX_VSOCK_PORT", 4_294_967_295, "VirtualMachine.MAX_VSOCK_PORT"),
    constant(
      "MANAGE_VIRTUAL_MACHINE_PERMISSION",
      "android.permission.MANAGE_VIRTUAL_MACHINE",
      "MANAGE_VIRTUAL_MACHINE_PERMISSION",
    ),
    constant(
      "USE_CUSTOM_VIRTUAL_MACHINE_PERMISSION",
      "android.permission.USE_CUSTOM_VIRTUAL_MACHINE",
      "USE_CUSTOM_VIRTUAL_MACHINE_PERMISSION",
    ),
    method("getName()", EVERY),
    method("getConfig()", EVERY),
    different(
      "getStatus()",
      EVERY,
      "VirtualMachine#getStatus",
      "returns the names of the first API's enum; the numbers are constants. DELETED is final once it was seen: in Java, restored files bring the VM back",
      inFile("state-table.test.ts")("files that were missing once and are back do not bring the object back"),
    ),
    method("run()", EVERY),
    method("stop()", EVERY),
    different(
      "stop() of a VM that does not run",
      BEFORE_15,
      "VirtualMachine#stop",
      "fails, as in 15; `close()` forgives",
      stateTable,
    ),
    method("close()", ONLY_15),
    method("delete()", BEFORE_15),
    present("getCid()", BEFORE_15, "VirtualMachine#getCid", manager("a VM's life, step by step")),
    present(
      "setConfig()",
      FROM_13,
      "VirtualMachine#setConfig",
      setConfig("writes the new config and returns the old one"),
    ),
    different(
      "setConfig()",
      ["2021"],
      "VirtualMachine#setConfig",
      "works; the first code was `Not implemented`",
      setConfig("writes the new config and returns the old one"),
    ),
    different(
      "connectVsock()",
      ONLY_15,
      "VirtualMachine#connectVsock",
      "gives a socket of this host, which leads through adb; takes `retryUntilMs` (docs/vsock.md)",
      vsockSuite("connectVsock exchanges data with a service in the VM, and ends with it"),
    ),
    outOfScope("connectToVsockServer()", FROM_13, BINDER),
    different(
      "getConsoleOutput()",
      ONLY_15,
      "VirtualMachine#getConsoleOutput",
      "one stream for all callers; a pipe without a reader drops its oldest bytes and counts them, while Android's blocks the guest",
      output("a pipe without a reader drops its oldest bytes, and counts them"),
    ),
    different(
      "getLogOutput()",
      ONLY_15,
      "VirtualMachine#getLogOutput",
      "as getConsoleOutput()",
      output("console and log do not mix"),
    ),
    different(
      "getConsoleOutputStream()",
      BEFORE_15,
      "VirtualMachine#getConsoleOutputStream",
      "can be called before the first run, as in 15; in the first API the builder enabled capturing",
      inFile("config/config.test.ts")("needs nothing but the payload config"),
    ),
    different(
      "getLogOutputStream()",
      ["13"],
      "VirtualMachine#getLogOutputStream",
      "as getConsoleOutputStream()",
      output("console and log do not mix"),
    ),
    outOfScope(
      "output of a VM that captures none, in logcat",
      ONLY_15,
      "`run-app` writes it to the given files; lines are kept whether or not output is captured",
    ),
    present(
      "getConsoleInput()",
      ONLY_15,
      "VirtualMachine#getConsoleInput",
      inputSuite("what is typed into the console arrives in the VM"),
    ),
    outOfScope("getHostConsoleName()", ONLY_15, "a terminal of the device, which a host cannot open"),
    present(
      "toDescriptor()",
      ONLY_15,
      "VirtualMachine#toDescriptor",
      descriptor("makes a VM with the same config, instance, storage and id"),
    ),
    method("getRootDir()", ONLY_15),
    present("setCallback()", FROM_13, "VirtualMachine#setCallback", output("run on the executor")),
    present(
      "clearCallback()",
      FROM_13,
      "VirtualMachine#clearCallback",
      output("a later callback replaces the earlier, and clearCallback ends it"),
    ),
    outOfScope("enableTestAttestation()", ONLY_15, "there is no attestation to test"),
    method("toString()", EVERY),
    outOfScope("sendKeyEvent(KeyEvent)", ONLY_15, CUSTOM_VM),
    outOfScope("sendMouseEvent()", ONLY_15, CUSTOM_VM),
    outOfScope("sendSingleTouchEvent()", ONLY_15, CUSTOM_VM),
  ],
};

export const FILES: Section = {
  title: "Files of a VM",
  rows: [
    present("config.xml", EVERY, "writeConfigXml", inFile("config/xml/config-xml.test.ts")("with everything set")),
    different(
      "config.xml of Android 13",
      ["13"],
      "readConfigXml",
      "is read and written. One that was made here has no `certs`, because only a device knows an app's signers: 13's own library refuses it (`No certs`), and a VM that both are to use has to be made there. Certificates in a file are kept",
      inFile("config/releases.test.ts")(
        "a file made here for Android 13 has no certificates, and is read here all the same",
      ),
    ),
    present(
      "config.xml of the first API",
      ["2021"],
      "readConfigXml",
      inFile("config/xml/config-xml.test.ts")("the first API's"),
    ),
    present(
      "instance.img",
      FROM_13,
      "VirtualMachineManager#create",
      manager("leaves config and instance image, and nothing else"),
    ),
    present(
      "instance_id, storage.img",
      ONLY_15,
      "VirtualMachineManager#create",
      manager("adds instance id and storage where they belong"),
    ),
    present(
      "idsig",
      FROM_13,
      "VirtualMachine#run",
      run("one that is absent is made at the first run, not at create, and kept"),
    ),
    present("extra_idsig_<i>", FROM_13, "VirtualMachine#run", run("extra ones, by package")),
  ],
};

/** Called in every state by the table of states and methods. */
function method(java: string, releases: Row["releases"]): Row {
  return present(java, releases, `VirtualMachine#${java.replace("()", "")}`, stateTable);
}

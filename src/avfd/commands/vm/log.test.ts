/** What the device's log says of a VM, in the words of AOSP's crosvm.rs and aidl.rs (lineage-20.0 for 13, lineage-22.0 for 15). */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { deviceInFolder, type DeviceInFolder } from "../../testing/device-in-folder.js";
import { rustExitStatus } from "../../vmm/exit-status.js";
import type { VmmEnd } from "../../vmm/contract.js";

let host: DeviceInFolder;
beforeAll(async () => {
  host = await deviceInFolder();
  await copyFile(join(__dirname, "../../../../fixtures/MicrodroidTestApp.apk"), join(host.folder, "app.apk"));
});
afterAll(async () => host[Symbol.asyncDispose]());
beforeEach(() => void host.device.log.clear());

/** Lines about the VM that was run to that end, pid of its monitor as PID. */
async function logOf(end: VmmEnd, ...args: readonly string[]): Promise<readonly string[]> {
  const tool = host.start("vm", "run-app", "app.apk", "r.idsig", "r.img", ...args);
  await tool.printed(/with CID \d+/);
  const vm = host.device.virtualization.list().at(-1);
  for (const line of ["started", "ready", "finished 3"]) expect(vm?.notify(line)).toBeUndefined();
  host.vmm.started.at(-1)?.end(end);
  await tool.ended;
  const user = process.getuid?.() === 0 ? "root" : "[^,]*";
  return host.device.log
    .entries()
    .filter(({ tag }) => tag !== "avfd")
    .map(({ priority, tag, message }) => `${priority} ${tag}: ${message}`)
    .map((line) =>
      line.replace(/crosvm\(\d+\)/, "crosvm(PID)").replace(new RegExp(`owner: ${user}, cid: \\d+`), "owner"),
    )
    .map((line) => line.replace(/CID \d+/, "CID N").replace(/with args: .*/, "with args: …"));
}

const CONFIG = "assets/vm_config.json";

test("release 15 writes as virtmgr, from creation to end", async () => {
  host.device.identity.setRelease(15);
  const [name, prefix] = ['Non-protected virtual machine "VmRunApp" (owner)', "I virtmgr: virtualizationmanager"];
  const lines = await logOf({ kind: "shutdown" }, "--config-path", CONFIG, "--instance-id-file", "vm.id");
  expect(lines).toEqual([
    `${prefix}::crosvm: ${name} created`,
    `${prefix}::crosvm: Running scripted with args: …`,
    `${prefix}::crosvm: ${name} started`,
    `${prefix}::aidl: VM with CID N started payload`,
    `${prefix}::aidl: VM with CID N reported payload is ready`,
    `${prefix}::aidl: VM with CID N finished payload`,
    `${prefix}::crosvm: crosvm(PID) exited with status exit status: 0`,
    `${prefix}::crosvm: ${name} exited`,
    `${prefix}::crosvm: ${name} died: SHUTDOWN`,
  ]);
});

test("release 13 writes less, as VirtualizationService", async () => {
  host.device.identity.setRelease(13);
  const [name, prefix] = [
    'Non-protected virtual machine "VmRunApp" (owner)',
    "I VirtualizationService: virtualizationservice",
  ];
  expect(await logOf({ kind: "shutdown" }, CONFIG)).toEqual([
    `${prefix}::crosvm: Running "scripted"`,
    `${prefix}::aidl: VM having CID N started payload`,
    `${prefix}::aidl: VM having CID N payload is ready`,
    `${prefix}::aidl: VM having CID N finished payload`,
    `${prefix}::crosvm: crosvm(PID) exited with status exit status: 0`,
    `${prefix}::crosvm: ${name} died: SHUTDOWN`,
  ]);
});

describe("the end of a monitor is logged as Rust prints an ExitStatus", () => {
  test.each<readonly [VmmEnd, string]>([
    [{ kind: "killed" }, "signal: 9 (SIGKILL)"],
    [{ kind: "killed", status: "signal: 11 (SIGSEGV)" }, "signal: 11 (SIGSEGV)"],
    [{ kind: "reboot" }, "exit status: 32"],
    [{ kind: "crash" }, "exit status: 33"],
    [{ kind: "watchdog-reboot" }, "exit status: 36"],
    [{ kind: "unknown", status: "exit status: 7" }, "exit status: 7"],
  ])("%j", async (end, status) => {
    host.device.identity.setRelease(15);
    const lines = await logOf(end, "--config-path", CONFIG, "--instance-id-file", "vm.id");
    expect(lines).toContain(`I virtmgr: virtualizationmanager::crosvm: crosvm(PID) exited with status ${status}`);
  });

  // What `ExitStatus::from_raw` of rustc 1.95.0 prints for 0, 0x700, 9 and 11.
  test.each([
    [0, null, "exit status: 0"],
    [7, null, "exit status: 7"],
    [null, "SIGKILL", "signal: 9 (SIGKILL)"],
    [null, "SIGSEGV", "signal: 11 (SIGSEGV)"],
  ] as const)("exit code %p and signal %p", (exitCode, signal, text) => {
    expect(rustExitStatus(exitCode, signal)).toBe(text);
  });
});

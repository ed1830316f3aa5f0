/**
 * Has a device that has just booted install an app and run a VM, so that later starts find what that takes in memory: programs
 * and libraries, services that have done it before, and a template of VMs as most are, for those who want copies of one.
 */
import { join } from "node:path";
import { atOnce } from "../../base/async/at-once.js";
import { packageRoot } from "../../base/paths.js";
import { openAdbServer } from "../../device/index.js";
import { run } from "../../process/run.js";

const APK = join(packageRoot, "fixtures/MicrodroidTestApp.apk");
const PACKAGE = "com.android.microdroid.test";
const FOLDER = "/data/local/tmp/rehearsal";
/** Two boots on a host that is busy. */
const TIMEOUT_MS = 240_000;

/** What the service remembers of it has to be forgotten (`forget-vms`). @throws Error when the VM does not come to its end */
export async function rehearse(serial: string, signal: AbortSignal): Promise<void> {
  const { command } = await openAdbServer();
  const adb = async (...args: readonly string[]): Promise<void> => {
    await run([...command, "-s", serial, ...args], { timeoutMs: TIMEOUT_MS, signal });
  };
  try {
    // Makes the folder, too.
    await adb("push", APK, `${FOLDER}/app.apk`);
    const vm = ["run-app", "--debug", "full", "--console", "console.txt", "--log", "log.txt"];
    const payload = [
      "--config-path",
      "assets/vm_config_exit.json",
      "app.apk",
      "idsig",
      "instance.img",
      "--instance-id-file",
      "instance_id",
    ];
    const program = ["/apex/com.android.virt/bin/vm", ...vm, ...payload].join(" ");
    // Templates are QEMU's.
    const properties = "setprop debug.avf.vmm qemu && setprop debug.avf.vm_templates 1";
    await atOnce(
      // In place of the shell, so that it ends with the connection.
      () => adb("shell", `cd ${FOLDER} && ${properties} && exec ${program} >said.txt 2>&1`),
      () => adb("shell", `pm install -t ${FOLDER}/app.apk`),
    );
    await adb("shell", `grep -q "exit code 42" ${FOLDER}/said.txt`);
  } finally {
    // The properties are set again when the device becomes one of its own.
    await adb("shell", `rm -rf ${FOLDER}; pm uninstall ${PACKAGE}; logcat -c`);
  }
}

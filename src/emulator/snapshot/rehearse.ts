/**
 * Has a device that has just booted run a VM, so that later starts find what that takes in memory: programs and libraries,
 * a service that has done it before, and a template of VMs as most are, for those who want copies of one.
 */
import { join } from "node:path";
import { packageRoot } from "../../base/paths.js";
import { run } from "../../process/run.js";

const APK = join(packageRoot, "fixtures/MicrodroidTestApp.apk");
const FOLDER = "/data/local/tmp/rehearsal";
/** Two boots on a host that is busy. */
const TIMEOUT_MS = 240_000;

/** Nothing of it can be seen afterwards, once CIDs begin anew. @throws Error when no VM of the device comes to its end */
export async function rehearse(serial: string, signal: AbortSignal): Promise<void> {
  const adb = async (...args: readonly string[]): Promise<void> => {
    await run(["adb", "-s", serial, ...args], { timeoutMs: TIMEOUT_MS, signal });
  };
  try {
    await adb("shell", `mkdir ${FOLDER}`);
    await adb("push", APK, `${FOLDER}/app.apk`);
    // Templates are QEMU's.
    await adb("shell", "setprop debug.avf.vmm qemu && setprop debug.avf.vm_templates 1");
    const vm = ["run-app", "--debug", "full", "--console", "console.txt", "--log", "log.txt"];
    const payload = ["--config-path", "assets/vm_config_exit.json", "app.apk", "idsig", "instance.img"];
    const command = ["/apex/com.android.virt/bin/vm", ...vm, ...payload].join(" ");
    await adb("shell", `cd ${FOLDER} && ${command} >said.txt 2>&1; grep -q "exit code 42" said.txt`);
  } finally {
    await adb("shell", `rm -rf ${FOLDER}; logcat -c; setprop debug.avf.vmm '' && setprop debug.avf.vm_templates 0`);
  }
}

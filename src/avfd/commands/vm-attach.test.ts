import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../../base/testing/until.js";
import { deviceInFolder, type DeviceInFolder, type RunningProgram } from "../testing/device-in-folder.js";

let there: DeviceInFolder;
beforeAll(async () => {
  there = await deviceInFolder();
  await copyFile(join(__dirname, "../../../fixtures/MicrodroidTestApp.apk"), join(there.folder, "a.apk"));
});
afterAll(async () => there[Symbol.asyncDispose]());

/** An attached VM, whose CID is returned. */
async function runVm(): Promise<{ readonly client: RunningProgram; readonly cid: string }> {
  const options = [
    "--console",
    "console.txt",
    "--log",
    "log.txt",
    "--config-path",
    "assets/vm_config.json",
    "--instance-id-file",
    "id",
  ];
  const client = there.start("vm", "run-app", ...options, "a.apk", "a.idsig", "instance.img");
  const cid = (await client.printed(/with CID \d+/)).slice("with CID ".length);
  return { client, cid };
}

const vmOf = (cid: string): NonNullable<ReturnType<DeviceInFolder["device"]["virtualization"]["list"]>[number]> => {
  const vm = there.device.virtualization.list().find((one) => String(one.cid) === cid);
  if (!vm) throw new Error(`no VM has CID ${cid}`);
  return vm;
};

/** As the emulator does it around a snapshot, and again when the device continues from it. */
async function restore(): Promise<void> {
  await there.device.virtualization.freeze();
  there.device.virtualization.restored();
  there.device.virtualization.thaw();
}

describe("after the device was restored", () => {
  test("a VM outlives its client; another one takes over and gets all events", async () => {
    const { client, cid } = await runVm();
    vmOf(cid).notify("started");
    vmOf(cid).notify("ready");
    await client.printed(/payload is ready/);
    await restore();
    client.end("SIGKILL");
    await client.ended;
    const second = there.start("vm-attach", cid);
    await second.printed(/payload is ready/);
    vmOf(cid).notify("finished 7");
    await second.printed(/payload finished with exit code 7/);
    second.write("typed later");
    const scripted = there.vmm.started.at(-1);
    await until("what was typed to arrive", () => scripted?.typed() === "typed later");
    scripted?.end({ kind: "shutdown" });
    const { exitCode, stdout, stderr } = await second.ended;
    expect(exitCode).toBe(0);
    expect(stdout.split("\n")).toEqual([
      `Created debuggable VM from "a.apk"!ConfigPath("assets/vm_config.json") with CID ${cid}, state is STARTING.`,
      "VM ended: Shutdown",
      "",
    ]);
    expect(stderr).toBe("payload started\npayload is ready\npayload finished with exit code 7\n");
  });

  test("the VM ends with the client that took over", async () => {
    const { client, cid } = await runVm();
    await restore();
    const second = there.start("vm-attach", cid);
    await second.printed(/with CID/);
    const died = vmOf(cid).died;
    second.end("SIGKILL");
    expect(await died).toBe("KILLED");
    client.end("SIGKILL");
  });
});

describe("around a snapshot", () => {
  test("a client that goes while it is taken takes its VM along when it has been taken", async () => {
    const { client, cid } = await runVm();
    const vm = vmOf(cid);
    await there.device.virtualization.freeze();
    client.end("SIGKILL");
    await client.ended;
    expect(vm.state).not.toBe("DEAD");
    there.device.virtualization.thaw();
    expect(await vm.died).toBe("KILLED");
  });

  test("clients that stay keep their VMs, and nobody takes their place", async () => {
    const { client, cid } = await runVm();
    await there.device.virtualization.freeze();
    there.device.virtualization.thaw();
    const second = await there.run("vm-attach", cid);
    expect(second).toMatchObject({
      exitCode: 1,
      stderr: `vm-attach: a client is attached to the VM with CID ${cid}\n`,
    });
    const died = vmOf(cid).died;
    client.end("SIGKILL");
    expect(await died).toBe("KILLED");
  });
});

test.each([
  [[], 2, "Usage: vm-attach CID\n"],
  [["x"], 2, "Usage: vm-attach CID\n"],
  [["99"], 1, "vm-attach: no attached VM has CID 99\n"],
])("vm-attach %j is refused", async (args, exitCode, stderr) => {
  expect(await there.run("vm-attach", ...args)).toMatchObject({ exitCode, stderr });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { HostDevice } from "../device/testing/host-device.js";
import { openVirtualizationService } from "./client.js";
import type { AppVmConfig, VirtualizationService, VmEvent } from "./contract.js";
import { ScriptedTool, Told } from "./testing/scripted-tool.js";

const CREATED = `created 'Created debuggable VM from "/a.apk"!ConfigPath("assets/vm_config.json") with CID 2048, state is STARTING.'`;
const FOREVER = "while :; do sleep 0.02; done";

let tool: ScriptedTool;
beforeEach(() => {
  tool = new ScriptedTool();
});
afterEach(() => tool.remove());

const service = (guest: string, sdk?: number): Promise<VirtualizationService> => tool.service(guest, sdk);
const config = (change?: Partial<AppVmConfig>): AppVmConfig => tool.config(change);
const known = (name: string, value: number): object => ({ kind: "known", name, value });

describe("a VM that runs to its end", () => {
  test("reports each step in order, and died last", async () => {
    const told = new Told();
    const guest = [
      CREATED,
      "echo payload started >&2",
      "echo payload is ready >&2",
      "echo payload finished with exit code 3 >&2",
    ];
    const vm = await (await service([...guest, "echo VM ended: Shutdown"].join("\n"))).startVm(config(), told.listen);
    expect(vm.cid).toBe(2048);
    expect(await vm.died).toEqual(known("SHUTDOWN", 3));
    expect(told.kinds).toEqual([
      ...["STARTING", "STARTED", "payload-started", "READY", "payload-ready", "FINISHED", "payload-finished"],
      ...["DEAD", "died"],
    ]);
    expect(told.events).toContainEqual({ kind: "payload-finished", exitCode: 3 });
    expect(vm.state()).toBe("DEAD");
  });

  test("loses no byte of console and log, not even the last ones", async () => {
    const told = new Told();
    const guest = `${CREATED}\nseq 1 30000 >>$console; printf 'end\\377' >>$console; echo of the log >>$log; echo VM ended: Killed`;
    const vm = await (await service(guest)).startVm(config(), told.listen);
    await vm.died;
    const numbers = Array.from({ length: 30_000 }, (_, index) => `${index + 1}\n`).join("");
    expect(told.console.equals(Buffer.concat([Buffer.from(`${numbers}end`), Buffer.from([0xff])]))).toBe(true);
    expect(told.log).toBe("of the log\n");
  });

  test("shows its console while it runs", async () => {
    const vm = await new Promise<string>((resolve, reject) => {
      const listener = (event: VmEvent): void => {
        if (event.kind === "console") resolve(String(event.chunk));
      };
      service(`${CREATED}\necho greeting >>$console\n${FOREVER}`).then(
        (opened) => opened.startVm(config(), listener),
        reject,
      );
    });
    expect(vm).toBe("greeting\n");
  });

  test("an error of the guest finishes its payload", async () => {
    const told = new Told();
    const guest = `${CREATED}\necho 'VM encountered an error: code=PayloadChanged, message=tampered' >&2; echo VM ended: MicrodroidPayloadHasChanged`;
    const vm = await (await service(guest)).startVm(config(), told.listen);
    expect(await vm.died).toEqual(known("MICRODROID_PAYLOAD_HAS_CHANGED", 12));
    expect(told.kinds).toEqual(["STARTING", "FINISHED", "error", "DEAD", "died"]);
  });

  test("messages of a monitor that could not start its guest come last in the log", async () => {
    const told = new Told();
    const guest = `${CREATED}\necho 'failed to load the kernel' >&2; echo VM ended: StartFailed`;
    const vm = await (await service(guest)).startVm(config(), told.listen);
    expect(await vm.died).toEqual(known("START_FAILED", 4));
    expect(told.log).toBe("vm: failed to load the kernel\n");
  });

  test("a tool that ends without a line about the VM is reported as such", async () => {
    const vm = await (await service(`${CREATED}\nexit 3`)).startVm(config(), () => undefined);
    expect(await vm.died).toEqual({ kind: "unrecognised", raw: expect.stringContaining("exit code 3") });
  });
});

describe("stop", () => {
  test("ends the VM, waits until it is gone, and delivers its last output", async () => {
    const told = new Told();
    const guest = `last_words() { sleep 0.2; echo bye >>$console; }\n${CREATED}\n${FOREVER}`;
    const opened = await service(guest);
    const vm = await opened.startVm(config(), told.listen);
    await vm.stop();
    expect(await opened.listVms()).toEqual([]);
    expect(await vm.died).toEqual(known("KILLED", 1));
    expect(String(told.console)).toBe("bye\n");
    expect(told.kinds).toEqual(["STARTING", "DEAD", "died"]);
    await vm.stop();
  });

  test("leaves no process behind", async () => {
    const vm = await (await service(`${CREATED}\n${FOREVER}`)).startVm(config(), () => undefined);
    await vm.stop();
    expect(await tool.processes()).toBe("");
  });
});

test("a device that goes away ends its VM", async () => {
  const told = new Told();
  const vm = await (await service(`${CREATED}\n${FOREVER}`)).startVm(config(), told.listen);
  await tool.device.vanish(new Error("cable pulled"));
  expect(await vm.died).toEqual(known("VIRTUALIZATION_SERVICE_DIED", -1));
  expect(told.kinds.slice(-2)).toEqual(["DEAD", "died"]);
});

describe("a VM that does not start", () => {
  test.each([
    ["Failed to create VM\nCaused by: no memory", 1, { kind: "vm", code: "VM_TOOL_FAILED", message: /no memory/ }],
    [
      "SecurityException: lacks android.permission.USE_CUSTOM_VIRTUAL_MACHINE",
      1,
      {
        kind: "vm",
        code: "VM_PERMISSION",
        message: /pm grant com.android.shell android.permission.USE_CUSTOM_VIRTUAL_MACHINE/,
      },
    ],
    ["unexpected argument '--x' found", 2, { kind: "vm", code: "VM_TOOL_USAGE", message: /--x/ }],
  ])("fails with the tool's message: %s", async (words, exitCode, { message, ...expected }) => {
    const told = new Told();
    const opened = await service(`printf 'Error: %s\\n' "${words}" >&2; exit ${exitCode}`);
    await expect(opened.startVm(config(), told.listen)).rejects.toMatchObject({
      ...expected,
      message: expect.stringMatching(message),
    });
    expect(told.events).toEqual([]);
  });

  test("output in an unknown format is quoted", async () => {
    const opened = await service("echo All is well; exit 0");
    await expect(opened.startVm(config(), () => undefined)).rejects.toMatchObject({
      code: "VM_TOOL_OUTPUT",
      message: expect.stringContaining("All is well"),
    });
  });

  test("a signal ends the wait, and the tool", async () => {
    const opened = await service(FOREVER);
    const controller = new AbortController();
    const start = opened.startVm(config(), () => undefined, controller.signal);
    setTimeout(() => controller.abort(new Error("test over")), 100);
    await expect(start).rejects.toThrow("test over");
    expect(await tool.processes()).toBe("");
  });

  test("a run whose folder is there already, or would lie nowhere, is not prepared", async () => {
    const opened = await service(FOREVER);
    await expect(opened.prepareRun(config().scratchPath)).rejects.toMatchObject({
      ...{ kind: "vm", code: "DEVICE_FILE" },
      message: expect.stringMatching(/^Could not create folder .*\/scratch on host: .*File exists/),
    });
    await expect(opened.prepareRun(`${tool.folder}/none/run`)).rejects.toThrow("No such file or directory");
  });

  test("a device without the tool is reported as such", async () => {
    const bare = new HostDevice({ programs: { getprop: join(tool.folder, "getprop") } });
    const opened = await openVirtualizationService(bare);
    await expect(opened.listVms()).rejects.toMatchObject({ code: "NO_AVF", kind: "infrastructure" });
  });
});

describe("console input", () => {
  test("reaches the tool", async () => {
    const told = new Told();
    const opened = await service(`${CREATED}\nread line; echo "got $line" >>$console; echo VM ended: Shutdown`);
    const vm = await opened.startVm(config({ consoleInput: true }), told.listen);
    await vm.writeConsole?.(Buffer.from("typed\n"));
    await vm.died;
    expect(String(told.console)).toBe("got typed\n");
  });

  test("is not there unless requested", async () => {
    const vm = await (await service(`${CREATED}\n${FOREVER}`)).startVm(config(), () => undefined);
    expect(vm.writeConsole).toBeUndefined();
  });
});

describe("Android 13", () => {
  const created = `created 'Created VM from "/a.apk"!"assets/vm_config.json" with CID 2048, state is NOT_STARTED.'`;

  test("starts with the second line; what the payload prints goes to the log; ready implies started", async () => {
    const told = new Told();
    const guest = [
      created,
      "echo Started VM, state now STARTING.",
      "echo Hello Microdroid",
      "echo payload is ready >&2",
    ];
    const opened = await service([...guest, "echo VM shutdown cleanly."].join("\n"), 33);
    const vm = await opened.startVm(config(), told.listen);
    expect(await vm.died).toEqual(known("SHUTDOWN", 3));
    expect(told.log).toBe("Hello Microdroid\n");
    expect(told.kinds).toEqual(["STARTING", "STARTED", "payload-started", "READY", "payload-ready", "DEAD", "died"]);
    expect(readFileSync(join(tool.folder, "arguments"), "utf8")).not.toContain("daemonize");
  });

  test("a VM that was created but did not start is not a running VM", async () => {
    const opened = await service(`${created}\necho 'Error: Failed to start VM' >&2; exit 1`, 33);
    await expect(opened.startVm(config(), () => undefined)).rejects.toMatchObject({
      kind: "vm",
      message: expect.stringContaining("Failed to start VM"),
    });
  });
});

test.each([
  [{ apkPath: "a.apk" }, "DEVICE_PATH"],
  [{ scratchPath: "/a/../b" }, "DEVICE_PATH"],
  [{ payload: { kind: "binary", binaryName: "./X.so" } as const }, "PAYLOAD_BINARY"],
  [{ memoryMib: 1.5 }, "MEMORY"],
])("%j is refused before anything runs", async (change, code) => {
  const opened = await service(FOREVER);
  await expect(opened.startVm(config(change), () => undefined)).rejects.toMatchObject({ kind: "usage", code });
});

test("a listener that throws misses nothing else", async () => {
  const kinds: string[] = [];
  const vm = await (
    await service(`${CREATED}\necho VM ended: Shutdown`)
  ).startVm(config(), (event) => {
    kinds.push(event.kind);
    throw new Error("listener");
  });
  await vm.died;
  expect(kinds.at(-1)).toBe("died");
});

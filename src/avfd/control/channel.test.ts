import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { copyFile, readFile, stat, open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../../base/testing/until.js";
import { deviceInFolder, type DeviceInFolder } from "../testing/device-in-folder.js";
import type { ControlRequest } from "./channel.js";
import { parseRequest, serveControl } from "./channel.js";
import { controlRequests } from "./requests.js";

const CONFIG = ["--config-path", "assets/vm_config.json", "--instance-id-file", "id"];

let host: DeviceInFolder;
beforeAll(async () => {
  host = await deviceInFolder();
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

const told: string[] = [];
const kernel = {
  setClock: (epochMs: number) => void told.push(`clock ${epochMs}`),
  addEntropy: (bytes: Buffer) => void told.push(`entropy ${bytes.toString("hex")}`),
};
const ask = (command: string, fields: ControlRequest["fields"] = {}): Promise<Readonly<Record<string, unknown>>> =>
  controlRequests(host.device, kernel)({ command, fields });

const fresh = {
  epochMs: 1_700_000_000_000,
  entropyHex: "00ff",
  properties: {},
  release: 15,
  vmm: "",
  adbKeys: ["AAAA"],
  restored: true,
  holdVms: false,
};
const personalize = (fields: ControlRequest["fields"] = {}): Promise<Readonly<Record<string, unknown>>> =>
  ask("personalize", { ...fresh, ...fields });

describe("requests of the emulator", () => {
  test("ping answers when the service is ready", async () => {
    expect(await ask("ping")).toMatchObject({ release: 15 });
  });

  test("a device gets its identity: clock, random numbers, properties, read-only ones too", async () => {
    told.length = 0;
    expect(await personalize({ properties: { "ro.serialno": "emulator-7" } })).toEqual({
      vmm: { name: "scripted", version: "1" },
    });
    expect(told).toEqual(["clock 1700000000000", "entropy 00ff"]);
    expect(host.device.properties.get("ro.serialno")).toBe("emulator-7");
  });

  test("adb may connect with the keys that were sent last", async () => {
    const path = host.device.paths.resolve("/data/misc/adb/adb_keys");
    await ask("adb-keys", { adbKeys: ["AAAA", "BBBB"] });
    expect(await readFile(path, "utf8")).toBe("AAAA host\nBBBB host\n");
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    await personalize({ adbKeys: ["CCCC"] });
    expect(await readFile(path, "utf8")).toBe("CCCC host\n");
  });

  test("VMs that were saved with the device resume at the end of it, or on request", async () => {
    const thaw = jest.spyOn(host.device.virtualization, "thaw");
    await personalize({ holdVms: true });
    expect(thaw).not.toHaveBeenCalled();
    expect(await ask("thaw")).toEqual({ thawed: 0 });
    await personalize();
    expect(thaw).toHaveBeenCalledTimes(2);
    thaw.mockRestore();
  });

  test("a missing monitor is reported apart, because a device may have none", async () => {
    expect(await personalize({ vmm: "crosvm" })).toEqual({
      vmmRefusal: 'debug.avf.vmm is "crosvm"; known are scripted',
    });
    await expect(ask("vmm", { prefer: "crosvm" })).rejects.toThrow("known are scripted");
    expect(await personalize()).toHaveProperty("vmm");
  });

  test("the release changes, and CIDs start again as after a restart", async () => {
    await host.device.properties.set("virtualizationservice.state.last_cid", "3000");
    await personalize({ release: 13 });
    expect(host.device.properties.get("ro.build.version.sdk")).toBe("33");
    expect(host.device.properties.get("virtualizationservice.state.last_cid")).toBeUndefined();
    await personalize();
  });

  test("the release stays while VMs run", async () => {
    await copyFile(join(__dirname, "../../../fixtures/MicrodroidTestApp.apk"), join(host.folder, "app.apk"));
    const tool = host.start("vm", "run-app", "app.apk", "i", "inst", ...CONFIG);
    await tool.printed(/with CID/);
    await expect(personalize({ release: 13 })).rejects.toThrow("1 VMs are running");
    tool.end("SIGKILL");
    await until("the VM to end", () => host.device.virtualization.list().length === 0);
  });

  test("what VMs have left in the service is forgotten, and they end", async () => {
    await copyFile(join(__dirname, "../../../fixtures/MicrodroidTestApp.apk"), join(host.folder, "app.apk"));
    const tool = host.start("vm", "run-app", "app.apk", "i", "inst", ...CONFIG);
    await tool.printed(/with CID/);
    expect(host.device.properties.get("virtualizationservice.state.last_cid")).toBeDefined();
    expect(await ask("forget-vms")).toEqual({});
    expect((await tool.ended).stdout).toContain("VM ended: Killed");
    expect(host.device.properties.get("virtualizationservice.state.last_cid")).toBeUndefined();
  });

  test.each([
    ["personalize", { ...fresh, epochMs: -1 }, "epochMs is a positive whole number"],
    ["personalize", { ...fresh, entropyHex: "xyz" }, "entropyHex is 1 to 512 bytes in hexadecimal"],
    ["personalize", { ...fresh, entropyHex: "00".repeat(513) }, "entropyHex is 1 to 512 bytes in hexadecimal"],
    ["personalize", { ...fresh, release: 12 }, "release is one of 13, 14, 15, 16, 17"],
    ["personalize", { ...fresh, properties: { "debug.x": 1 } }, "the value of debug.x is no text"],
    ["personalize", { ...fresh, properties: "debug.x" }, "properties is an object"],
    ["personalize", { ...fresh, adbKeys: ["AAAA\nBBBB"] }, "adbKeys are lines of base64"],
    ["adb-keys", {}, "adbKeys are lines of base64"],
    ["reboot", {}, "no such command: reboot"],
  ])("%s %j is refused", async (command, fields, message) => {
    await expect(ask(command, fields)).rejects.toThrow(message);
  });
});

describe("lines", () => {
  test.each(["", "{", "[]", '"ping"', '{"id":"1","command":"ping"}', '{"id":1}'])("%j is not a request", (line) => {
    expect(parseRequest(line)).toBeUndefined();
  });
});

describe("the port", () => {
  /** A pipe with a name stands for the virtio port: opened for both ways, it has no end either. */
  test("is waited for, answers each request, and is opened again when the other end went", async () => {
    const path = join(host.folder, "port");
    const stop = new AbortController();
    const seen: string[] = [];
    const served = serveControl(
      path,
      async ({ command }) => {
        seen.push(command);
        return {};
      },
      stop.signal,
    );
    execFileSync("mkfifo", [path]);
    const other = await open(path, "r+");
    await other.write('{"id":1,"command":"ping"}\nnoise\n{"id":2,"command":"sync"}\n');
    await until("both requests", () => seen.length >= 2);
    expect(seen.slice(0, 2)).toEqual(["ping", "sync"]);
    stop.abort();
    // Wakes a reader that waits inside the kernel.
    await wake(other);
    await served;
  });
});

async function wake(file: FileHandle): Promise<void> {
  await file.write("\n");
  await file.close();
}

/** A device in a folder for tests of `vm run`: a kernel, an initramfs and a folder lie in it. */
import { afterAll, beforeAll, beforeEach } from "@jest/globals";
import { readdirSync, readlinkSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deviceInFolder, type DeviceInFolder, type ProgramResult } from "./device-in-folder.js";
import { fakeBzImage } from "./kernels/fake-kernel.js";
import type { ScriptedVm } from "./scripted-vmm.js";

type Config = object | string;

interface RawVmHost {
  readonly host: DeviceInFolder;
  /** Its text, or what goes beside a kernel and a platform version. Returns the path. */
  writeConfig(config: Config): Promise<string>;
  run(config: Config, ...options: readonly string[]): Promise<ProgramResult>;
  /** Starts it, and ends it as soon as it runs. */
  started(config: Config, ...options: readonly string[]): Promise<ScriptedVm & ProgramResult>;
  /** What is left of VMs: folders of the service, and files that it holds open. */
  leftovers(): Promise<readonly string[]>;
}

const WHOLE = { kernel: "kernel", platform_version: "~1.0" };

/** One for the tests of a file: of Android 15, without VMs, before each. */
export function useRawVmHost(): RawVmHost {
  let made: RawVmHost | undefined;
  const there = (): RawVmHost => {
    if (made === undefined) throw new Error("the device is there in hooks and tests only");
    return made;
  };
  beforeAll(async () => {
    made = await makeHost();
  });
  afterAll(async () => {
    await made?.host[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    there().host.vmm.started.length = 0;
    there().host.device.identity.setRelease(15);
  });
  return {
    get host() {
      return there().host;
    },
    writeConfig: (config) => there().writeConfig(config),
    run: (config, ...options) => there().run(config, ...options),
    started: (config, ...options) => there().started(config, ...options),
    leftovers: () => there().leftovers(),
  };
}

async function makeHost(): Promise<RawVmHost> {
  const host = await deviceInFolder();
  await writeFile(join(host.folder, "kernel"), fakeBzImage());
  await writeFile(join(host.folder, "ramdisk"), "an initramfs");
  await mkdir(join(host.folder, "folder"));
  const writeConfig = async (config: Config): Promise<string> => {
    const text = typeof config === "string" ? config : JSON.stringify({ ...WHOLE, ...config });
    await writeFile(join(host.folder, "vm.json"), text);
    return "vm.json";
  };
  return {
    host,
    writeConfig,
    run: async (config, ...options) => host.run("vm", "run", ...options, await writeConfig(config)),
    started: async (config, ...options) => {
      const tool = host.start("vm", "run", ...options, await writeConfig(config));
      await tool.printed(/with CID \d+, state is STARTING/);
      const vm = host.vmm.started.at(-1);
      if (!vm) throw new Error("no VM was started");
      vm.end({ kind: "shutdown" });
      return { ...vm, ...(await tool.ended) };
    },
    leftovers: async () => {
      const folders = await readdir(host.device.paths.resolve("/data/misc/virtualizationservice"));
      return [...folders.filter((name) => name !== "common"), ...heldBelow(host.folder)];
    },
  };
}

function heldBelow(folder: string): readonly string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(folder) ? [path] : [];
    } catch {
      return [];
    }
  });
}

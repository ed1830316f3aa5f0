/** `vm run CONFIG.json`: a VM of images that the caller gives (AOSP vm/src/run.rs). */
import { constants, type FileHandle } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { traitsOf } from "../../../../base/android-release.js";
import type { Caller } from "../../../caller.js";
import type { Device } from "../../../device.js";
import type { RawVmConfig } from "../../../virtualization/raw/raw-vm-config.js";
import type { VirtualMachine } from "../../../virtualization/virtual-machine.js";
import type { VmStreamEnds } from "../../../virtualization/vm-options.js";
import { runAttached } from "./attached-vm.js";
import type { ParsedArguments } from "../command-line/arguments.js";
import { countOf } from "../command-line/values.js";
import { dialectOf } from "../dialects/index.js";
import { cpusOf, runDaemon } from "./run-app-daemon.js";
import { emptyDeviceTreeFile } from "./run-app.js";
import { debugString, ToolError, withContext } from "../rust-text.js";
import { tellOfNoEffect } from "../no-effect.js";
import { fileBound, OUTPUT_BYTES_PROPERTY } from "../streams/bounded-file.js";
import { endVmStreams, openVmStreams } from "../streams/vm-streams.js";
import { openConfig, type ConfigPart } from "./open-config.js";
import { loadVmConfig, type VmConfigJson } from "./vm-config-json.js";

const MAX_CONFIG_BYTES = 1 << 20;

export async function runConfig(device: Device, caller: Caller, args: ParsedArguments): Promise<number> {
  const [path = ""] = args.positionals;
  tellOfNoEffect(caller, args);
  const config = await readConfig(device, caller, path);
  const part = await openConfig(caller, config);
  const isDaemon = traitsOf(device.identity.release).service.vmLife === "daemon";
  const description = debugString(path);
  const create = (streams: VmStreamEnds): Promise<VirtualMachine> => {
    const { uid, gid, pid } = caller;
    const raw = withOptions(part, args, isDaemon);
    return withContext("Failed to create VM", () => device.virtualization.createRawVm(raw, streams, { uid, gid, pid }));
  };
  if (isDaemon) return runDaemon(device, caller, args, description, create, () => closeAll(part));
  const { runApp: dialect } = dialectOf(device.identity.release);
  const paths = { console: args.value("console"), consoleIn: args.value("console-in"), log: args.value("log") };
  const { consoleInput, consoleFile } = dialect;
  let streams: VmStreamEnds;
  try {
    const bound = fileBound(device.properties.get(OUTPUT_BYTES_PROPERTY));
    streams = await openVmStreams(caller, paths, { attached: true, consoleInput, consoleFile, bound });
  } catch (error) {
    await closeAll(part);
    throw error;
  }
  try {
    await emptyDeviceTreeFile(caller, args.value("dump-device-tree"), () => closeAll(part));
    const vm = await create(streams);
    const flushed = (): Promise<void> => endVmStreams(caller, streams);
    await runAttached(device.virtualization.attachments, caller, vm, `VM from ${description}`, flushed);
  } finally {
    await endVmStreams(caller, streams);
  }
  return 0;
}

async function readConfig(device: Device, caller: Caller, path: string): Promise<VmConfigJson> {
  const file = await withContext("Failed to open config file", () => caller.open(path, constants.O_RDONLY));
  try {
    return await withContext("Failed to parse config file", async () => {
      const { config, warning } = loadVmConfig(await readAtMost(file, MAX_CONFIG_BYTES), device.identity.release);
      if (warning !== undefined) caller.printError(`Warning: ${warning}`);
      return config;
    });
  } finally {
    await file.close();
  }
}

/** Of a file that may grow while it is read, or have no end. */
async function readAtMost(file: FileHandle, maxBytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(maxBytes + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
  }
  throw new ToolError(`the file is too large: at most ${maxBytes} bytes are read`);
}

/** What the command line says counts for more. */
function withOptions(part: ConfigPart, args: ParsedArguments, isDaemon: boolean): RawVmConfig {
  const mem = args.value("mem");
  const gdb = args.value("gdb");
  return {
    ...part,
    name: args.value("name") ?? part.name,
    memoryMib: mem === undefined ? part.memoryMib : Number(mem),
    // The tool has a default for the topology, which is why that of the config has no effect.
    cpuCount: isDaemon ? cpusOf(args) : cpuCount(args.value("cpu-topology")),
    gdbPort: gdb === undefined ? undefined : Number(gdb),
    wantsDeviceTree: args.value("dump-device-tree") !== undefined,
    hostServices: args.values("host-services"),
  };
}

function cpuCount(topology: string | undefined): number {
  return topology === "match_host" ? availableParallelism() : (countOf(topology) ?? 1);
}

async function closeAll({ kernel, initrd, bootloader, disks }: ConfigPart): Promise<void> {
  const images = disks.flatMap((disk) => ("image" in disk ? [disk.image] : disk.partitions.map(({ image }) => image)));
  for (const file of [kernel, initrd, bootloader, ...images]) await file?.file.close().catch(() => undefined);
}

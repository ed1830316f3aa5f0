/** `vm run-app` of Android 14 and later (AOSP vm/src/run.rs). */
import type { Caller } from "../../../caller.js";
import type { Device } from "../../../device.js";
import { constants } from "node:fs";
import { availableParallelism } from "node:os";
import { MICRODROID, type VmPayload } from "../../../virtualization/vm-config.js";
import { INSTANCE_IMAGE_BYTES } from "../../../virtualization/disks/writable-partition.js";
import { closeAppFiles, openAppFiles } from "./app-files.js";
import { countOf } from "../command-line/values.js";
import { dialectOf } from "../dialects/index.js";
import type { ParsedArguments } from "../command-line/arguments.js";
import { tellOfNoEffect } from "../no-effect.js";
import { runAttached } from "./attached-vm.js";
import { debugString, ToolError, withContext } from "../rust-text.js";
import { fileBound, OUTPUT_BYTES_PROPERTY } from "../streams/bounded-file.js";
import { endVmStreams, openVmStreams } from "../streams/vm-streams.js";

const DEFAULT_NAME = "VmRunApp";
const DEFAULT_STORAGE_BYTES = INSTANCE_IMAGE_BYTES;

export async function runApp(device: Device, caller: Caller, args: ParsedArguments): Promise<number> {
  const { runApp: dialect } = dialectOf(device.identity.release);
  const [apk = "", idsig = "", instance = ""] = args.positionals;
  tellOfNoEffect(caller, args);
  const storagePath = args.value("storage");
  const sizeBytes = Number(args.value("storage-size") ?? DEFAULT_STORAGE_BYTES);
  const files = await openAppFiles(device, caller, {
    apk,
    apkWords: "Failed to open APK file",
    idsig,
    instance,
    instanceId: args.value("instance-id-file"),
    storage: storagePath === undefined ? undefined : { path: storagePath, sizeBytes },
    growsStorage: dialect.growsStorage && args.value("storage-size") !== undefined,
    configPath: args.value("config-path"),
    extraApks: args.values("extra-apk"),
    extraIdsigs: args.values("extra-idsig"),
  });
  let payload: VmPayload;
  let streams;
  try {
    payload = choosePayload(args);
    if (args.flag("enable-earlycon") && args.value("debug") !== "full") {
      throw new ToolError("earlycon is only supported for debuggable VMs");
    }
    streams = await openVmStreams(
      caller,
      { console: args.value("console"), consoleIn: args.value("console-in"), log: args.value("log") },
      {
        attached: true,
        consoleInput: dialect.consoleInput,
        consoleFile: dialect.consoleFile,
        bound: fileBound(device.properties.get(OUTPUT_BYTES_PROPERTY)),
      },
    );
  } catch (error) {
    await closeAppFiles(files);
    throw error;
  }
  const debugLevel = args.value("debug") === "full" ? "full" : "none";
  const gdb = args.value("gdb");
  const { uid, gid, pid } = caller;
  try {
    await emptyDeviceTreeFile(caller, args.value("dump-device-tree"), () => closeAppFiles(files));
    const vm = await withContext("Failed to create VM", () =>
      device.virtualization.createVm(
        {
          ...files,
          name: args.value("name") ?? DEFAULT_NAME,
          payload,
          osName: args.value("os") ?? MICRODROID,
          debugLevel,
          protectedVm: args.flag("protected"),
          memoryMib: Number(args.value("mem") ?? 0),
          cpuCount: cpuCount(args.value("cpu-topology")),
          gdbPort: gdb === undefined ? undefined : Number(gdb),
          hasCustomConfig: dialect.alwaysCustom || gdb !== undefined || args.values("task-profiles").length > 0,
          earlyConsole: args.flag("enable-earlycon"),
          wantsDeviceTree: args.value("dump-device-tree") !== undefined,
          hostServices: args.values("host-services"),
        },
        streams,
        { uid, gid, pid },
      ),
    );
    const from = `${debugString(apk)}!${debugPayload(payload, dialect.payloadListsExtraApks ? args.values("extra-apk").length : undefined)}`;
    const description = `${dialect.tellsDebuggable && debugLevel === "full" ? "debuggable VM" : "VM"} from ${from}`;
    await runAttached(device.virtualization.attachments, caller, vm, description, () => endVmStreams(caller, streams));
  } finally {
    await endVmStreams(caller, streams);
  }
  return 0;
}

function choosePayload(args: ParsedArguments): VmPayload {
  const configPath = args.value("config-path");
  const binaryName = args.value("payload-binary-name");
  if (configPath !== undefined && binaryName !== undefined) {
    throw new ToolError("Only one of --config-path or --payload-binary-name can be defined");
  }
  if (configPath !== undefined) return { kind: "config", configPath };
  if (binaryName !== undefined) return { kind: "binary", binaryName };
  throw new ToolError("Either --config-path or --payload-binary-name must be defined");
}

function cpuCount(topology: string | undefined): number {
  return topology === "match_host" ? availableParallelism() : (countOf(topology) ?? 1);
}

/**
 * Opened as Android's tool does it, before the VM is made.
 * @param drop what was opened for the VM, when this file cannot be
 */
export async function emptyDeviceTreeFile(
  caller: Caller,
  path: string | undefined,
  drop: () => Promise<void>,
): Promise<void> {
  if (path === undefined) return;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC;
  const what = `Failed to open file to dump device tree: ${debugString(path)}`;
  try {
    await (await withContext(what, () => caller.open(path, flags))).close();
  } catch (error) {
    await drop();
    throw error;
  }
}

/**
 * Rust's debug form of the payload. Descriptors have no meaning outside the tool; they are numbered.
 * @param extraApkCount undefined: the payload has no list of them
 */
export function debugPayload(payload: VmPayload, extraApkCount: number | undefined): string {
  if (payload.kind === "config") return `ConfigPath(${debugString(payload.configPath)})`;
  const name = debugString(payload.binaryName);
  if (extraApkCount === undefined) return `PayloadConfig(VirtualMachinePayloadConfig { payloadBinaryName: ${name} })`;
  const extra = Array.from({ length: extraApkCount }, (_, i) => `ParcelFileDescriptor(OwnedFd { fd: ${3 + i} })`);
  return `PayloadConfig(VirtualMachinePayloadConfig { payloadBinaryName: ${name}, extraApks: [${extra.join(", ")}] })`;
}

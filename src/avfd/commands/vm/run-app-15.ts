/** `vm run-app` of Android 15 (AOSP vm/src/run.rs). */
import type { Caller } from "../../caller.js";
import type { Device } from "../../device.js";
import { availableParallelism } from "node:os";
import { MICRODROID, type VmPayload } from "../../virtualization/vm-config.js";
import { INSTANCE_IMAGE_BYTES } from "../../virtualization/writable-partition.js";
import { openAppFiles } from "./app-files.js";
import type { ParsedArguments } from "./arguments.js";
import { runAttached15 } from "./attached-vm-15.js";
import { debugString, ToolError, withContext } from "./rust-text.js";
import { endVmStreams, openVmStreams } from "./vm-streams.js";

const DEFAULT_NAME = "VmRunApp";
const DEFAULT_STORAGE_BYTES = INSTANCE_IMAGE_BYTES;

export async function runApp15(device: Device, caller: Caller, args: ParsedArguments): Promise<number> {
  const [apk = "", idsig = "", instance = ""] = args.positionals;
  const storagePath = args.value("storage");
  const sizeBytes = Number(args.value("storage-size") ?? DEFAULT_STORAGE_BYTES);
  const files = await openAppFiles(device, caller, {
    apk,
    idsig,
    instance,
    instanceId: args.value("instance-id-file"),
    storage: storagePath === undefined ? undefined : { path: storagePath, sizeBytes },
    configPath: args.value("config-path"),
    extraApks: args.values("extra-apk"),
    extraIdsigs: args.values("extra-idsig"),
  });
  const closeFiles = async (): Promise<void> => {
    const extra = files.extraApks.flatMap((one) => [one.apk, one.idsig]);
    for (const file of [files.apk, files.idsig, files.instanceImage, files.encryptedStorage, ...extra]) {
      await file?.close().catch(() => undefined);
    }
  };
  let payload: VmPayload;
  let streams;
  try {
    payload = choosePayload(args);
    streams = await openVmStreams(
      caller,
      { console: args.value("console"), consoleIn: args.value("console-in"), log: args.value("log") },
      { attached: true, consoleInput: true },
    );
  } catch (error) {
    await closeFiles();
    throw error;
  }
  const debugLevel = args.value("debug") === "none" ? "none" : "full";
  const gdb = args.value("gdb");
  const { uid, gid, pid } = caller;
  try {
    const vm = await withContext("Failed to create VM", () =>
      device.virtualization.createVm(
        {
          ...files,
          name: args.value("name") ?? DEFAULT_NAME,
          payload,
          osName: MICRODROID,
          debugLevel,
          protectedVm: args.flag("protected"),
          memoryMib: Number(args.value("mem") ?? 0),
          cpuCount: args.value("cpu-topology") === "match_host" ? availableParallelism() : 1,
          gdbPort: gdb === undefined ? undefined : Number(gdb),
          hasCustomConfig: true,
        },
        streams,
        { uid, gid, pid },
      ),
    );
    const from = `${debugString(apk)}!${debugPayload(payload, args.values("extra-apk").length)}`;
    const description = `${debugLevel === "full" ? "debuggable VM" : "VM"} from ${from}`;
    await runAttached15(device.virtualization.attachments, caller, vm, description, () =>
      endVmStreams(caller, streams),
    );
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

/** Rust's debug form of the payload. Descriptors have no meaning outside the tool; they are numbered. */
export function debugPayload(payload: VmPayload, extraApkCount: number): string {
  if (payload.kind === "config") return `ConfigPath(${debugString(payload.configPath)})`;
  const extra = Array.from({ length: extraApkCount }, (_, i) => `ParcelFileDescriptor(OwnedFd { fd: ${3 + i} })`);
  const name = debugString(payload.binaryName);
  return `PayloadConfig(VirtualMachinePayloadConfig { payloadBinaryName: ${name}, extraApks: [${extra.join(", ")}] })`;
}

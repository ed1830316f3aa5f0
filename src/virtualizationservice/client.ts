/** `IVirtualizationService` by way of a device's `vm` tool, over adb. */
import { UsageError } from "../base/errors.js";
import type { Device, DeviceProcess } from "../device/contract.js";
import { askTool } from "./abilities/ask-tool.js";
import type { ToolAbilities } from "./abilities/parse-help.js";
import { requireAbilities } from "./abilities/requirements.js";
import { attachToVm, type AttachOptions } from "./attached-vm.js";
import { readCapabilities } from "./capabilities.js";
import type {
  PartitionType,
  RawVmConfig,
  RemoteFiles,
  RunningVm,
  ServiceCapabilities,
  VirtualizationService,
  VmBookmark,
  VmConfig,
  VmDebugInfo,
  VmEvent,
} from "./contract.js";
import { chooseDialect } from "./dialects/choose.js";
import type { Dialect, RunFiles } from "./dialects/dialect.js";
import { rawConfigJson } from "./raw/raw-config.js";
import { runArguments } from "./raw/run-arguments.js";
import { startWithGdb } from "./gdb/start-with-gdb.js";
import { checkConfig } from "./abilities/check-config.js";
import { fileFailure, remoteFiles } from "./remote-files.js";
import { checkDevicePath, runShortVmTool, runVmTool, VM_TOOL } from "./tool.js";
import { parseVmList } from "./tool-output/vm-list.js";

/** Making an idsig reads and hashes the whole APK; a partition is written out. */
const IMAGE_TIMEOUT_MS = 180_000;
/** What AVF writes at the start of a storage image that no guest has formatted yet. */
const UNFORMATTED_STORAGE = "UNFORMATTED-STORAGE";

interface ServiceOptions {
  /**
   * Takes the place of the client of a VM that runs, by its CID, and prints all that the one before printed. Undefined for a
   * device without checkpoints.
   */
  readonly attachTo?: ((cid: number) => DeviceProcess) | undefined;
}

/** Which device this is, which build and which boot of it. The SDK comes first; what is missing is an empty line. */
const IDENTITY =
  '"$1" ro.build.version.sdk; "$1" ro.build.fingerprint; cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo';

/** Reads the device's release and picks the tool's dialect; refuses devices older than Android 13. */
export async function openVirtualizationService(
  device: Device,
  { attachTo }: ServiceOptions = {},
): Promise<VirtualizationService> {
  const { stdout } = await device.exec(["sh", "-c", IDENTITY, "sh", "getprop"]);
  const first = (stdout.split("\n")[0] ?? "").trim();
  const sdk = /^\d{1,4}$/.test(first) ? Number(first) : Number.NaN;
  const identity = `${device.serial}\n${stdout}`;
  return new VmToolService(device, sdk, identity, chooseDialect(device.serial, sdk), attachTo);
}

class VmToolService implements VirtualizationService {
  readonly files: RemoteFiles;
  #capabilities: Promise<ServiceCapabilities> | undefined;

  constructor(
    private readonly device: Device,
    private readonly sdk: number,
    private readonly identity: string,
    private readonly dialect: Dialect,
    private readonly attachTo: ServiceOptions["attachTo"],
  ) {
    this.files = remoteFiles(device);
  }

  /** Asked once; a failure is forgotten. */
  capabilities(): Promise<ServiceCapabilities> {
    if (!this.#capabilities) {
      this.#capabilities = readCapabilities(this.device, this.sdk, this.#tool());
      this.#capabilities.catch(() => (this.#capabilities = undefined));
    }
    return this.#capabilities;
  }

  async isFeatureEnabled(feature: string): Promise<boolean> {
    if (!(await this.#tool()).commands.has("check-feature-enabled")) return false;
    if (feature.startsWith("-")) throw new UsageError("FEATURE", `Not the name of a feature: ${feature}`);
    const { stdout } = await runVmTool(this.device, ["check-feature-enabled", feature]);
    return stdout.split(/\r?\n/).includes(`Feature ${feature} is enabled`);
  }

  async initializeWritablePartition(path: string, sizeBytes: number, type: PartitionType): Promise<void> {
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0) {
      throw new UsageError("PARTITION_SIZE", `Not a size for a partition: ${sizeBytes}`);
    }
    const toolType = type === "instance" ? "instance" : "raw";
    const args = ["create-partition", "--type", toolType, checkDevicePath(path), String(sizeBytes)];
    await runShortVmTool(this.device, args, { timeoutMs: IMAGE_TIMEOUT_MS });
    if (type !== "encryptedstore") return;
    // The tool makes this type only within run-app; the service's own way is an empty image with this mark.
    const script = 'printf %s "$1" | dd of="$2" conv=notrunc 2>/dev/null';
    await this.device.exec(["sh", "-c", script, "sh", UNFORMATTED_STORAGE, path]);
  }

  async createOrUpdateIdsigFile(apkPath: string, idsigPath: string): Promise<void> {
    const args = ["create-idsig", checkDevicePath(apkPath), checkDevicePath(idsigPath)];
    await runShortVmTool(this.device, args, { timeoutMs: IMAGE_TIMEOUT_MS });
  }

  async prepareRun(scratchPath: string): Promise<void> {
    const { consolePath, logPath } = outputPaths(scratchPath);
    // Both have to be there when they are followed; the tool truncates them once more.
    const script = 'mkdir "$1" && : >"$2" && : >"$3"';
    const argv = ["sh", "-c", script, "sh", scratchPath, consolePath, logPath];
    const { exitCode, output } = await this.device.execShort(argv);
    if (exitCode === 0) return;
    throw fileFailure(this.device.serial, "create folder", scratchPath, output);
  }

  async startVm(config: VmConfig, listener: (event: VmEvent) => void, signal?: AbortSignal): Promise<RunningVm> {
    checkConfig(config);
    const tool = await this.#tool();
    requireAbilities(this.device.serial, config, tool);
    const { scratchPath: scratch, name, consoleInput } = config;
    const { consolePath, logPath } = outputPaths(scratch);
    const cpuCount = config.cpuTopology === "match_host" ? (await this.capabilities()).cpuCount : 1;
    const start = async (gdbPort?: number): Promise<RunningVm> => {
      const files = { consolePath, logPath, cpuCount, gdbPort };
      const toolArguments =
        "image" in config
          ? await this.#rawArguments(config, files, tool)
          : this.dialect.runAppArguments(config, files, tool);
      return this.#attach(
        { name, consoleInput, scratchPath: scratch, consoleBytes: 0, logBytes: 0 },
        { followsAtOnce: true, attach: () => this.device.spawn([VM_TOOL, ...toolArguments]) },
        listener,
        signal,
      );
    };
    return config.gdb === true ? startWithGdb(this.device, name, start) : start();
  }

  resumeVm(
    bookmark: VmBookmark,
    told: readonly VmEvent[],
    listener: (event: VmEvent) => void,
    signal?: AbortSignal,
  ): Promise<RunningVm> {
    const { attachTo } = this;
    if (attachTo === undefined) {
      throw new UsageError("CHECKPOINTS_UNSUPPORTED", `Device ${this.device.serial} does not support checkpoints.`);
    }
    const known = told.map((event) => JSON.stringify(event));
    const onlyNew = (event: VmEvent): void => {
      const at = event.kind === "console" || event.kind === "log" ? -1 : known.indexOf(JSON.stringify(event));
      if (at >= 0) known.splice(at, 1);
      else listener(event);
    };
    const way = { followsAtOnce: false, attach: () => attachTo(bookmark.cid) };
    return this.#attach(bookmark, way, onlyNew, signal);
  }

  /** The configuration lies beside the run's output, and goes with it. */
  async #rawArguments(config: RawVmConfig, files: RunFiles, tool: ToolAbilities): Promise<readonly string[]> {
    const configPath = `${checkDevicePath(config.scratchPath)}/vm_config.json`;
    await this.files.write(configPath, rawConfigJson(config));
    return runArguments(config, { ...files, configPath }, tool);
  }

  #tool(): Promise<ToolAbilities> {
    return askTool(this.device, this.identity);
  }

  #attach(
    followed: Omit<VmBookmark, "cid">,
    way: Pick<AttachOptions, "followsAtOnce" | "attach">,
    listener: (event: VmEvent) => void,
    signal: AbortSignal | undefined,
  ): Promise<RunningVm> {
    const { device, dialect } = this;
    const listVms = (): Promise<readonly VmDebugInfo[]> => this.listVms();
    const options = { device, dialect, followed, ...way, ...outputPaths(followed.scratchPath), listVms };
    return attachToVm(options, listener, signal);
  }

  async listVms(): Promise<readonly VmDebugInfo[]> {
    // Each stop of a VM waits for this. Warnings, which Android's linker likes to give, are no part of the list.
    const argv = ["sh", "-c", '"$1" list 2>/dev/null', "sh", VM_TOOL];
    const quick = await this.device.execShort(argv);
    if (quick.exitCode === 0) return parseVmList(quick.output);
    // Once more, for its words.
    return parseVmList((await runVmTool(this.device, ["list"])).stdout);
  }
}

function outputPaths(scratchPath: string): { readonly consolePath: string; readonly logPath: string } {
  const scratch = checkDevicePath(scratchPath);
  return { consolePath: `${scratch}/console.txt`, logPath: `${scratch}/log.txt` };
}

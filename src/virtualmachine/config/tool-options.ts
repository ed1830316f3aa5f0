/** What the `vm` tool takes for a run and no config has a key for: `run({ cpus: 3 })`. Each build of the tool has some of it. */
import { IllegalArgumentException, UnsupportedOperationException } from "../errors.js";
import { DEBUG_LEVEL_FULL } from "../constants.js";
import { capabilitiesOf } from "./capabilities.js";
import type { AppVmConfig, CommonVmConfig, ServiceCapabilities } from "../../virtualizationservice/contract.js";
import type { VirtualMachineConfig } from "./config.js";
import type { VmContext } from "../context.js";

export interface ToolOptions {
  /**
   * Virtual CPUs, instead of the config's topology. Any number since Android 16 (`cpu_count=N`) and on 13; in between, one
   * or as many as the device has.
   */
  readonly cpus?: number | undefined;
  /** Secure services that the VM may reach, where the build has `--tee-services`. */
  readonly teeServices?: readonly string[] | undefined;
  /** The kernel prints to the console from its first lines on, where the build has `--enable-earlycon`. Needs DEBUG_LEVEL_FULL. */
  readonly earlyConsole?: boolean | undefined;
  /** Path on the device that the VM's device tree is written to: since Android 16. */
  readonly deviceTreePath?: string | undefined;
}

/** What of it the service is asked for. */
export type AskedOfTool = Pick<AppVmConfig, "earlyConsole"> &
  Pick<CommonVmConfig, "teeServices" | "deviceTreePath"> &
  Partial<Pick<CommonVmConfig, "cpuTopology">>;

/**
 * Held against what the tool says that it takes, before anything is made.
 * @throws IllegalArgumentException; UnsupportedOperationException naming the first that the tool lacks
 */
export async function askedOfTool(
  context: VmContext,
  config: VirtualMachineConfig,
  options: ToolOptions,
): Promise<AskedOfTool> {
  const { cpus, teeServices = [], earlyConsole = false, deviceTreePath } = options;
  if (cpus === undefined && teeServices.length === 0 && !earlyConsole && deviceTreePath === undefined) return {};
  if (cpus !== undefined && !(Number.isInteger(cpus) && cpus > 0)) {
    throw new IllegalArgumentException(`Not a number of CPUs: ${cpus}`);
  }
  if (earlyConsole && config.getDebugLevel() !== DEBUG_LEVEL_FULL) {
    throw new IllegalArgumentException("An early console needs DEBUG_LEVEL_FULL");
  }
  const capabilities = await capabilitiesOf(context);
  const isCustom = config.getCustomImageConfig() !== undefined;
  const command = isCustom ? "vm run" : "vm run-app";
  const taken = isCustom ? capabilities.tool.run : capabilities.tool.runApp;
  const cpuTopology = cpus === undefined ? undefined : topologyOf(cpus, capabilities, taken);
  const demands: readonly (readonly [asks: boolean, has: boolean, what: string, why: string])[] = [
    [
      cpus !== undefined,
      cpuTopology !== undefined,
      `A number of CPUs (${cpus}) is`,
      "--cpu-topology takes no cpu_count=N",
    ],
    [teeServices.length > 0, taken.has("--tee-services"), "A TEE service is", "it has no --tee-services"],
    // `vm run` takes the option and does nothing with it: its kernel is the caller's to tell.
    [earlyConsole, !isCustom && taken.has("--enable-earlycon"), "An early console is", "it has no --enable-earlycon"],
    [
      deviceTreePath !== undefined,
      taken.has("--dump-device-tree"),
      "A dump of the device tree is",
      "it has no --dump-device-tree",
    ],
  ];
  const lacking = demands.find(([asks, has]) => asks && !has);
  if (lacking !== undefined) {
    const [, , what, why] = lacking;
    throw new UnsupportedOperationException(`${what} not supported on this device.`, {
      hint: `Of its ${command}: ${why}; see: adb shell /apex/com.android.virt/bin/${command} --help`,
    });
  }
  return {
    ...(cpuTopology === undefined ? {} : { cpuTopology }),
    ...(teeServices.length === 0 ? {} : { teeServices }),
    ...(earlyConsole ? { earlyConsole } : {}),
    ...(deviceTreePath === undefined ? {} : { deviceTreePath }),
  };
}

function topologyOf(
  cpus: number,
  { tool, cpuCount }: ServiceCapabilities,
  taken: ReadonlySet<string>,
): CommonVmConfig["cpuTopology"] | undefined {
  if (cpus === 1) return "one_cpu";
  if (tool.cpuCounts || taken.has("--cpus")) return { count: cpus };
  return cpus === cpuCount ? "match_host" : undefined;
}

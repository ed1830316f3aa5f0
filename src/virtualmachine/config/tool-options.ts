/** What the `vm` tool takes for a run and no config has a key for: `run({ cpus: 3 })`. Each build of the tool has some of it. */
import { IllegalArgumentException, UnsupportedOperationException } from "../errors.js";
import { DEBUG_LEVEL_FULL } from "../constants.js";
import { capabilitiesOf } from "./capabilities.js";
import {
  asksFor,
  isTaken,
  pickAsked,
  RUN_OPTIONS,
  type RunCommand,
  type RunFlags,
} from "../../virtualizationservice/abilities/run-options.js";
import type { CommonVmConfig, ServiceCapabilities } from "../../virtualizationservice/contract.js";
import type { VirtualMachineConfig } from "./config.js";
import type { VmContext } from "../context.js";

/** For one run, whatever the config says. */
export interface ToolOptions extends RunFlags {
  /**
   * Virtual CPUs, instead of the config's topology. Any number since Android 16 (`cpu_count=N`) and on 13; in between, one
   * or as many as the device has.
   */
  readonly cpus?: number | undefined;
}

/** What of it the service is asked for. */
export type AskedOfTool = RunFlags & Partial<Pick<CommonVmConfig, "cpuTopology">>;

/**
 * Held against what the tool says that it takes, before anything is made.
 * @throws IllegalArgumentException; UnsupportedOperationException naming the first that the tool lacks
 */
export async function askedOfTool(
  context: VmContext,
  config: VirtualMachineConfig,
  { cpus, ...options }: ToolOptions,
): Promise<AskedOfTool> {
  const asked = pickAsked(options);
  if (cpus === undefined && Object.keys(asked).length === 0) return {};
  if (cpus !== undefined && !(Number.isInteger(cpus) && cpus > 0)) {
    throw new IllegalArgumentException(`Not a number of CPUs: ${cpus}`);
  }
  if (asked.earlyConsole === true && config.getDebugLevel() !== DEBUG_LEVEL_FULL) {
    throw new IllegalArgumentException("An early console needs DEBUG_LEVEL_FULL");
  }
  const capabilities = await capabilitiesOf(context);
  const command = config.getCustomImageConfig() === undefined ? "run-app" : "run";
  const cpuTopology = cpus === undefined ? undefined : topologyOf(cpus, capabilities, command);
  const lacking = [
    ...(cpus !== undefined && cpuTopology === undefined
      ? [{ subject: `A number of CPUs (${cpus})`, why: "--cpu-topology takes no cpu_count=N" }]
      : []),
    ...RUN_OPTIONS.filter((row) => asksFor(row, asked) && !isTaken(row, command, capabilities.tool)).map(
      ({ subject, flag }) => ({ subject, why: `it has no ${flag}` }),
    ),
  ];
  const [first] = lacking;
  if (first !== undefined) {
    const { subject, why } = first;
    throw new UnsupportedOperationException(`${subject} is not supported on this device.`, {
      hint: `Of its vm ${command}: ${why}; see: adb shell /apex/com.android.virt/bin/vm ${command} --help`,
    });
  }
  return { ...(cpuTopology === undefined ? {} : { cpuTopology }), ...asked };
}

function topologyOf(
  cpus: number,
  { tool, cpuCount }: ServiceCapabilities,
  command: RunCommand,
): CommonVmConfig["cpuTopology"] | undefined {
  if (cpus === 1) return "one_cpu";
  if (tool.cpuCounts || (command === "run" ? tool.run : tool.runApp).has("--cpus")) return { count: cpus };
  return cpus === cpuCount ? "match_host" : undefined;
}

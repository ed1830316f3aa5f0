/** `/apex/com.android.virt/bin/vm`: speaks the command line of the release that the device claims to be. */
import type { Caller, Command } from "../../caller.js";
import type { Device } from "../../device.js";
import { describeSystemError } from "../../errno.js";
import { parseArguments, UsageProblemError, type ParsedArguments } from "./arguments.js";
import { checkFeatureEnabled } from "./check-feature-enabled.js";
import { createIdsigFile } from "./create-idsig.js";
import { createPartition } from "./create-partition.js";
import { printInfo } from "./info.js";
import { listVms } from "./list.js";
import { runConfig } from "./run.js";
import { runApp13 } from "./run-app-13.js";
import { runApp15 } from "./run-app-15.js";
import { runMicrodroid } from "./run-microdroid.js";
import { formatToolError } from "./rust-text.js";
import { vmCommandSpecs, type VmCommandName } from "./specs.js";
import { stopVm } from "./stop.js";
import { formatCommandList, formatUnknownCommand, formatUsageProblem, USAGE_EXIT_CODES } from "./usage.js";

export type VmSubcommand = (device: Device, caller: Caller, args: ParsedArguments) => Promise<number>;

const SUBCOMMANDS: Readonly<Record<VmCommandName, VmSubcommand>> = {
  "check-feature-enabled": checkFeatureEnabled,
  "run-app": (device, caller, args) =>
    device.identity.release === 15 ? runApp15(device, caller, args) : runApp13(device, caller, args),
  "run-microdroid": runMicrodroid,
  run: runConfig,
  stop: stopVm,
  list: listVms,
  info: printInfo,
  "create-partition": createPartition,
  "create-idsig": createIdsigFile,
};

export function vm(device: Device): Command {
  return async (caller, [name, ...args]) => {
    const { release } = device.identity;
    const specs = vmCommandSpecs(release);
    if (name === undefined || name === "help" || name === "--help" || name === "-h") {
      const help = formatCommandList(release, specs);
      if (name !== undefined) caller.print(help);
      else caller.printError(help);
      return name === undefined ? USAGE_EXIT_CODES[release] : 0;
    }
    const spec = specs.find((one) => one.name === name);
    if (!spec) {
      caller.printError(formatUnknownCommand(release, name));
      return USAGE_EXIT_CODES[release];
    }
    try {
      const parsed = parseArguments(spec, args);
      return await SUBCOMMANDS[spec.name as VmCommandName](device, caller, parsed);
    } catch (error) {
      if (!(error instanceof UsageProblemError)) {
        caller.printError(formatToolError(error, describeSystemError));
        return 1;
      }
      const text = formatUsageProblem(release, error.command, error.problem);
      if (error.problem.kind === "help") {
        caller.print(text);
        return 0;
      }
      caller.printError(text);
      return USAGE_EXIT_CODES[release];
    }
  };
}

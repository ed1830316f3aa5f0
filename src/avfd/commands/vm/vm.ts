/** `/apex/com.android.virt/bin/vm`: speaks the command line of the release that the device claims to be. */
import { traitsOf } from "../../../base/android-release.js";
import type { Caller, Command } from "../../caller.js";
import type { Device } from "../../device.js";
import { describeSystemError } from "../../errno.js";
import { UsageOutcome, type ParsedArguments } from "./command-line/arguments.js";
import { parseCommandLine } from "./command-line/command-line.js";
import { checkFeatureEnabled } from "./check-feature-enabled.js";
import { connectConsole } from "./run/console.js";
import { createIdsigFile } from "./create-idsig.js";
import { createPartition } from "./create-partition.js";
import type { VmCommandName } from "./dialects/dialect.js";
import { dialectOf } from "./dialects/index.js";
import { printInfo } from "./info.js";
import { listVms } from "./list.js";
import { runConfig } from "./run/run.js";
import { runAppDaemon } from "./run/run-app-daemon.js";
import { runApp } from "./run/run-app.js";
import { runMicrodroid } from "./run/run-microdroid.js";
import { formatToolError } from "./rust-text.js";
import { stopVm } from "./stop.js";

type VmSubcommand = (device: Device, caller: Caller, args: ParsedArguments) => Promise<number>;

const SUBCOMMANDS: Readonly<Record<VmCommandName, VmSubcommand>> = {
  "check-feature-enabled": checkFeatureEnabled,
  "run-app": (device, caller, args) =>
    traitsOf(device.identity.release).service.vmLife === "daemon"
      ? runAppDaemon(device, caller, args)
      : runApp(device, caller, args),
  "run-microdroid": runMicrodroid,
  run: runConfig,
  stop: stopVm,
  list: listVms,
  info: printInfo,
  "create-partition": createPartition,
  "create-idsig": createIdsigFile,
  console: connectConsole,
};

export function vm(device: Device): Command {
  return async (caller, args) => {
    const { clap, commands } = dialectOf(device.identity.release);
    try {
      const line = parseCommandLine(clap, commands, args);
      return await SUBCOMMANDS[line.command.name](device, caller, line.args);
    } catch (error) {
      if (!(error instanceof UsageOutcome)) {
        caller.printError(formatToolError(error, describeSystemError));
        return 1;
      }
      if (error.stream === "stdout") caller.print(error.text);
      else caller.printError(error.text);
      return error.exitCode;
    }
  };
}

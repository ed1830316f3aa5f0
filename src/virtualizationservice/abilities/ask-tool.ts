/** Asks the `vm` tool of a device what it takes, instead of believing the device's release: builds switch parts of it off. */
import { InfrastructureError } from "../../base/errors.js";
import { lastLines } from "../../device/index.js";
import type { Device } from "../../device/contract.js";
import { toolFailure, VM_TOOL } from "../tool.js";
import { parseCommandList, parseOptions, type ToolAbilities } from "./parse-help.js";

const MARK = "----- avf -----";
/** It never gets beyond its arguments: files are missing. Its words tell whether the value was understood. */
const SCRIPT =
  '"$1" --help </dev/null || exit; echo "$2"; "$1" run-app --help </dev/null || exit; echo "$2"; ' +
  '"$1" run-app --cpu-topology cpu_count=1 </dev/null 2>&1; echo "$2"; "$1" run --help </dev/null; exit 0';

const MAX_KNOWN = 64;
const known = new Map<string, Promise<ToolAbilities>>();

/**
 * Once for each device and boot of it.
 * @param identity distinguishes the device, its build and its boot from all others
 */
export function askTool(device: Device, identity: string): Promise<ToolAbilities> {
  const found = known.get(identity);
  if (found !== undefined) return found;
  const asked = ask(device);
  known.set(identity, asked);
  // What failed is forgotten, and so is the oldest of too many.
  asked.catch(() => known.delete(identity));
  for (const oldest of known.keys()) {
    if (known.size <= MAX_KNOWN) break;
    known.delete(oldest);
  }
  return asked;
}

async function ask(device: Device): Promise<ToolAbilities> {
  const result = await device.execUnchecked(["sh", "-c", SCRIPT, "sh", VM_TOOL, MARK]);
  if (result.exitCode !== 0) throw toolFailure(device.serial, "vm --help", result);
  const [list = "", help = "", probe = "", runHelp = ""] = result.stdout.split(`${MARK}\n`);
  const commands = parseCommandList(list);
  const options = parseOptions(help, "run-app");
  if (commands !== undefined && options !== undefined) {
    const run = parseOptions(runHelp, "run")?.runApp ?? new Set<string>();
    return { commands, ...options, run, cpuCounts: takesCounts(probe) };
  }
  const what = commands === undefined ? "vm --help" : "vm run-app --help";
  throw new InfrastructureError("VM_HELP", `Device ${device.serial} does not tell what its vm tool takes.`, {
    hint: `${what} printed no help of a known form; see: adb -s ${device.serial} shell ${VM_TOOL} ${what.slice(3)}`,
    lastLines: lastLines(commands === undefined ? list : help),
  });
}

/** A tool that knows no counts says `invalid value`; one that does continues, and misses the files. */
function takesCounts(words: string): boolean {
  return /required arguments were not provided/.test(words) && !/invalid value|unexpected argument/.test(words);
}

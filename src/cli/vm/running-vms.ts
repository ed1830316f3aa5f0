/** VMs that run on a device, whoever started them: their `vm run-app` or `vm run`, and what its command line says of them. */
import type { Device } from "../../device/index.js";

export interface RunningVmProcess {
  readonly name: string;
  /** Of the `vm` tool on the device, which lives as long as the VM. */
  readonly pid: number;
  readonly consolePath: string | undefined;
  readonly logPath: string | undefined;
}

const MAX_LINES = 10_000;
/** A line for each: its id, a tab, its arguments with tabs between them. */
const LIST = `for p in /proc/[0-9]*; do
  case $(tr '\\0' ' ' <$p/cmdline 2>/dev/null) in
    */vm\\ run-app\\ *|vm\\ run-app\\ *|*/vm\\ run\\ *|vm\\ run\\ *) printf '%s\\t' "\${p#/proc/}"; tr '\\0\\n' '\\t ' <$p/cmdline; echo ;;
  esac
done 2>/dev/null`;

export async function listVmProcesses(device: Device): Promise<readonly RunningVmProcess[]> {
  const { stdout } = await device.execUnchecked(["sh", "-c", LIST]);
  return parseVmProcesses(stdout);
}

/** Exported for tests. VMs without a name of their own go by that of their folder, as on Android 13. */
export function parseVmProcesses(text: string): readonly RunningVmProcess[] {
  return text
    .split("\n", MAX_LINES)
    .map((line) => line.split("\t"))
    .flatMap(([pid = "", ...argv]) => {
      const command = argv[argv.findIndex((argument) => /(^|\/)vm$/.test(argument)) + 1];
      if (!/^\d+$/.test(pid) || (command !== "run-app" && command !== "run")) return [];
      const instance = argv.map((argument) => /\/([^/]+)\/instance\.img$/.exec(argument)?.[1]).find(Boolean);
      const name = valueOf(argv, "--name") ?? instance;
      if (name === undefined) return [];
      return [{ name, pid: Number(pid), consolePath: valueOf(argv, "--console"), logPath: valueOf(argv, "--log") }];
    });
}

function valueOf(argv: readonly string[], option: string): string | undefined {
  const at = argv.indexOf(option);
  return at < 0 ? argv.find((each) => each.startsWith(`${option}=`))?.slice(option.length + 1) : argv[at + 1];
}

/** The `vm` tool of the virt APEX, and what it means when it fails. */
import { HarnessError, InfrastructureError, UsageError } from "../base/errors.js";
import { lastLines, type CommandResult } from "../device/index.js";
import type { Device, DeviceCallOptions, DeviceExecOptions } from "../device/contract.js";

export const VM_TOOL = "/apex/com.android.virt/bin/vm";

/** Runs a sub-command to its end; throws with the tool's own words unless it succeeds. */
export async function runVmTool(
  device: Device,
  args: readonly string[],
  options: DeviceExecOptions = {},
): Promise<CommandResult> {
  const result = await device.execUnchecked([VM_TOOL, ...args], options);
  if (result.exitCode !== 0) throw toolFailure(device.serial, `vm ${args[0] ?? ""}`, result);
  return result;
}

/** As `runVmTool`, for sub-commands that print nothing of interest when they succeed. */
export async function runShortVmTool(
  device: Device,
  args: readonly string[],
  options: DeviceCallOptions,
): Promise<void> {
  const { exitCode, output } = await device.execShort([VM_TOOL, ...args], options);
  if (exitCode !== 0) throw toolFailure(device.serial, `vm ${args[0] ?? ""}`, { exitCode, stdout: "", stderr: output });
}

interface ToolEnd {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The tool prints `Error: ` and a chain of causes and exits with 1, or with 2 when it did not understand its arguments
 * (vm/src/main.rs, clap). 126 and 127 are the shell's.
 */
export function toolFailure(serial: string, what: string, end: ToolEnd): HarnessError {
  const words = lastLines(end.stderr.trim() === "" ? end.stdout : end.stderr);
  const first = /^Error: (.*)/m.exec(end.stderr)?.[1]?.trim() ?? words.at(-1) ?? `exit code ${String(end.exitCode)}`;
  if (end.exitCode === 127 || (/not found|No such file or directory/.test(first) && first.includes(VM_TOOL))) {
    return new InfrastructureError("NO_AVF", `Device ${serial} has no ${VM_TOOL}: it does not run virtual machines.`, {
      hint: "use a device with the com.android.virt APEX (Android 13 or later), or the emulated device: npx avf device start",
      lastLines: words,
    });
  }
  const permission = /android\.permission\.[A-Z_]+|(?:MANAGE|USE_CUSTOM|DEBUG)_VIRTUAL_MACHINE/.exec(end.stderr)?.[0];
  if (permission || /SecurityException|Permission denied|EX_SECURITY/i.test(end.stderr)) {
    const name = permission?.replace(/^(?!android)/, "android.permission.");
    return new HarnessError("vm", "VM_PERMISSION", `${what} on ${serial} lacks ${name ?? "a permission"}: ${first}`, {
      hint: `adb -s ${serial} shell pm grant com.android.shell ${name ?? "android.permission.USE_CUSTOM_VIRTUAL_MACHINE"}`,
      lastLines: words,
    });
  }
  if (end.exitCode === 2) {
    return new HarnessError(
      "vm",
      "VM_TOOL_USAGE",
      `The vm tool of ${serial} does not understand our ${what}: ${first}`,
      {
        hint: "its release may differ from what ro.build.version.sdk says; compare with: adb shell vm --help",
        lastLines: words,
      },
    );
  }
  return new HarnessError("vm", "VM_TOOL_FAILED", `${what} failed on ${serial}: ${first}`, { lastLines: words });
}

/** Output that no known release prints. */
export function unknownOutput(what: string, text: string): HarnessError {
  const quoted = text.length > 2_000 ? `${text.slice(0, 2_000)}…` : text;
  return new HarnessError(
    "vm",
    "VM_TOOL_OUTPUT",
    `${what} printed something of unknown shape: ${JSON.stringify(quoted)}`,
  );
}

/** Paths on the device that we hand to tools: absolute, without steps upwards, of a sane length. */
export function checkDevicePath(path: string): string {
  const sane =
    path.startsWith("/") &&
    !path.includes("\0") &&
    !path.split("/").some((segment) => segment === ".." || segment === ".") &&
    Buffer.byteLength(path) <= 1000;
  if (sane) return path;
  throw new UsageError("DEVICE_PATH", `Not a plain absolute path on the device: ${JSON.stringify(path)}`);
}

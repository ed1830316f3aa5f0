/** Output of `vm info` (vm/src/main.rs, `command_info`). */
import { unknownOutput } from "../tool.js";

interface VmInfo {
  readonly protectedVm: boolean;
  readonly nonProtectedVm: boolean;
  readonly hypervisorVersion: string | undefined;
  readonly kvmExists: boolean;
  /** Undefined before Android 15, whose tool is the first to tell. */
  readonly supportedOsList: readonly string[] | undefined;
  /** In the words of the tool, e.g. `DebugPolicy { log: false, ramdump: false, adb: false }`. Undefined before Android 16. */
  readonly debugPolicy: string | undefined;
}

/** Android 13 says `unprotected`, later releases `non-protected`; later releases add lines. */
export function parseVmInfo(text: string): VmInfo {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const kinds = lines.map(readKinds).find((found) => found !== undefined);
  if (!kinds) throw unknownOutput("vm info", text);
  const version = find(lines, /^Hypervisor version: (.*)\.?$/);
  const list = find(lines, /^Available OS list: (.*)$/);
  return {
    ...kinds,
    hypervisorVersion: version,
    kvmExists: lines.includes("/dev/kvm exists."),
    supportedOsList: list === undefined ? undefined : readStrings(list, text),
    debugPolicy: find(lines, /^Debug policy: (.+)$/),
  };
}

function readKinds(line: string): { protectedVm: boolean; nonProtectedVm: boolean } | undefined {
  if (line === "VMs are not supported.") return { protectedVm: false, nonProtectedVm: false };
  if (line === "Only protected VMs are supported.") return { protectedVm: true, nonProtectedVm: false };
  if (/^Only (non-|un)protected VMs are supported\.$/.test(line)) return { protectedVm: false, nonProtectedVm: true };
  if (/^Both protected and (non-|un)protected VMs are supported\.$/.test(line)) {
    return { protectedVm: true, nonProtectedVm: true };
  }
  return undefined;
}

function find(lines: readonly string[], pattern: RegExp): string | undefined {
  return lines.map((line) => pattern.exec(line)?.[1]).find((found) => found !== undefined);
}

function readStrings(json: string, text: string): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw unknownOutput("vm info", text);
  }
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) throw unknownOutput("vm info", text);
  return value;
}

/** What differs between the `vm` tools of Android's releases: flags in, lines out. Everything here is pure. */
import type { ToolAbilities } from "../abilities/parse-help.js";
import type { AppVmConfig, DeathReason, VmErrorCode, VmState } from "../contract.js";

/** A line of the tool that means something. */
export type ToolLine =
  | { readonly kind: "created"; readonly cid: number; readonly state: VmState | undefined }
  | { readonly kind: "starting" }
  | { readonly kind: "payload-started" }
  | { readonly kind: "payload-ready" }
  | { readonly kind: "payload-finished"; readonly exitCode: number }
  | { readonly kind: "error"; readonly code: VmErrorCode; readonly message: string }
  | { readonly kind: "ended"; readonly reason: DeathReason };

export interface Dialect {
  /** The release whose tool it was written after: 13, or 15 for 14 and later. */
  readonly release: 13 | 15;
  /** Whether lines on stdout that are none of the tool's own are output of the payload. */
  readonly payloadOutputOnStdout: boolean;
  /** Arguments after `vm`, for a configuration whose demands the tool meets. */
  runAppArguments(config: AppVmConfig, files: RunFiles, tool: ToolAbilities): readonly string[];
  /** Undefined for a line that is not the tool's own. */
  parseLine(stream: "stdout" | "stderr", line: string): ToolLine | undefined;
}

/** Things that the client adds to a configuration. */
export interface RunFiles {
  readonly consolePath: string;
  readonly logPath: string;
  /** CPUs of the device, for a topology that matches them. */
  readonly cpuCount: number;
  /** On the device, for the gdb stub; undefined: it has none. */
  readonly gdbPort?: number | undefined;
}

/** `with CID N`: the one part of the line that no release changed. */
export function parseCreated(line: string): ToolLine | undefined {
  if (!/^Created (debuggable )?VM from /.test(line)) return undefined;
  const cid = /with CID (\d+)(?!.*with CID \d)/.exec(line)?.[1];
  if (cid === undefined) return undefined;
  const state = /state is ([A-Z_]+)\.?$/.exec(line)?.[1];
  return { kind: "created", cid: Number(cid), state: isState(state) ? state : undefined };
}

/** Lines on stderr that both releases share. */
export function parsePayloadLine(line: string): ToolLine | undefined {
  if (line === "payload started") return { kind: "payload-started" };
  if (line === "payload is ready") return { kind: "payload-ready" };
  const exitCode = /^payload finished with exit code (-?\d+)$/.exec(line)?.[1];
  return exitCode === undefined ? undefined : { kind: "payload-finished", exitCode: Number(exitCode) };
}

const STATES: readonly string[] = [
  "NOT_STARTED",
  "STARTING",
  "STARTED",
  "READY",
  "FINISHED",
  "DEAD",
] satisfies VmState[];

function isState(text: string | undefined): text is VmState {
  return text !== undefined && STATES.includes(text);
}

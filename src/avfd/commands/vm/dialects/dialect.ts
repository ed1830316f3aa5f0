/** What the `vm` tool of a release takes and prints, as far as it differs between releases. One file a release beside this. */
import type { CommandSpec } from "../command-line/arguments.js";

export type VmCommandName =
  | "check-feature-enabled"
  | "run-app"
  | "run-microdroid"
  | "run"
  | "stop"
  | "list"
  | "info"
  | "create-partition"
  | "create-idsig"
  | "console";

export interface VmCommandSpec extends CommandSpec {
  readonly name: VmCommandName;
}

/** Fields of `VirtualMachineDebugInfo`. */
export type DebugField =
  | "name"
  | "cid"
  | "temporaryDirectory"
  | "requesterUid"
  | "requesterSid"
  | "requesterPid"
  | "state"
  | "hostConsoleName";

/** Lines of `vm info` after the three that all releases print. */
export type InfoLine = "vfio" | "vfio-platform" | "assignable-devices" | "os-list" | "debug-policy";

export interface ToolDialect {
  /** The version of clap that it was built with: what usage errors and help look like. */
  readonly clap: 2 | 4;
  /** In the order of the tool's help. */
  readonly commands: readonly VmCommandSpec[];
  /** In the order of the AIDL file, which is that of Rust's debug form. */
  readonly listFields: readonly DebugField[];
  readonly infoLines: readonly InfoLine[];
  /** `vm info` and errors call VMs without protection so. */
  readonly plainVms: "unprotected" | "non-protected";
  readonly runApp: RunAppDialect;
}

interface RunAppDialect {
  /** Whether the console of a VM takes input. */
  readonly consoleInput: boolean;
  /** What `--console` that cannot be opened is called in the error. */
  readonly consoleFile: "console file" | "console output file";
  /** Whether the line `Created …` tells a VM of debug level full apart. */
  readonly tellsDebuggable: boolean;
  /** Whether the debug form of a payload lists its extra APKs. */
  readonly payloadListsExtraApks: boolean;
  /** Whether each app VM is started with a custom configuration, even an empty one, which needs a permission of its own. */
  readonly alwaysCustom: boolean;
  /** Whether storage that is there already grows to `--storage-size`. */
  readonly growsStorage: boolean;
}

/** What `run({ gdb: true })` asks for, and what comes of it. */
import { UnsupportedOperationException, VirtualMachineException } from "../errors.js";
import { DEBUG_LEVEL_FULL } from "../constants.js";
import { askedOfTool, type ToolOptions } from "../config/tool-options.js";
import type { RunRequest } from "../config/app-config.js";
import type { VmIdentity } from "../files/vm-identity.js";
import type { VirtualMachineConfig } from "../config/config.js";
import type { VmContext } from "../context.js";

export interface RunOptions extends ToolOptions {
  readonly signal?: AbortSignal | undefined;
  /** Starts the VM with the gdb stub of its monitor: see `VirtualMachine.gdb`. Default: false. */
  readonly gdb?: boolean | undefined;
}

export interface GdbAddress {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** `127.0.0.1:PORT`, as gdb's `target remote` takes it. */
  readonly address: string;
}

export function addressOf(door: { readonly port: number } | undefined): GdbAddress | undefined {
  if (door === undefined) return undefined;
  return { host: "127.0.0.1", port: door.port, address: `127.0.0.1:${door.port}` };
}

/** Before anything is made. @throws what each of the options says */
export async function checkRunOptions(
  { name, context }: Pick<VmIdentity, "name" | "context">,
  config: VirtualMachineConfig,
  { gdb = false, ...options }: RunOptions,
): Promise<Pick<RunRequest, "gdb" | "asked">> {
  if (gdb) checkDebuggable(name, config, context);
  return { gdb, asked: await askedOfTool(context, config, options) };
}

/** As virtualizationservice has it: gdb is for debuggable VMs that are not protected. */
function checkDebuggable(vmName: string, config: VirtualMachineConfig, { capabilities }: VmContext): void {
  const { fields } = config;
  const tool = capabilities?.tool;
  const isCustom = fields.customImageConfig !== undefined;
  if (tool !== undefined && !(isCustom ? tool.run : tool.runApp).has("--gdb")) {
    const command = isCustom ? "vm run" : "vm run-app";
    throw new UnsupportedOperationException(`gdb not supported on this device: its ${command} has no --gdb.`, {
      hint: "Android 14 and later have it",
    });
  }
  if (!fields.protectedVm && fields.debugLevel === DEBUG_LEVEL_FULL) return;
  const what = fields.protectedVm ? "it is protected" : "its debug level is none";
  throw new VirtualMachineException("GDB_REFUSED", `VM "${vmName}" cannot be debugged: ${what}.`, {
    ...{ vmName, kind: "usage", hint: "setDebugLevel(DEBUG_LEVEL_FULL), and a VM that is not protected" },
  });
}

/** `vm stop CID` of release 13: ends a VM that was started with `--daemonize`. */
import type { Caller } from "../../caller.js";
import type { Device } from "../../device.js";
import { VM_PERMISSIONS } from "../../packages/package-record.js";
import { requirePermission } from "../../virtualization/access-checks.js";
import type { ParsedArguments } from "./command-line/arguments.js";
import { ToolError, withContext } from "./rust-text.js";

export async function stopVm(
  { packages, virtualization }: Device,
  caller: Caller,
  args: ParsedArguments,
): Promise<number> {
  await withContext("Failed to get VM from VirtualizationService", async () => {
    requirePermission(packages, caller.uid, VM_PERMISSIONS.debug);
  });
  const vm = virtualization.drop(Number(args.positionals[0]));
  if (!vm) throw new ToolError("CID does not correspond to a running background VM");
  await vm.died;
  return 0;
}

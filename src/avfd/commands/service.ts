/** `service check NAME`, `service list`. */
import type { Command } from "../caller.js";

const SERVICES = new Map([
  ["android.system.virtualizationservice", "android.system.virtualizationservice.IVirtualizationService"],
  ["package", "android.content.pm.IPackageManager"],
]);

export function service(): Command {
  return async (caller, [action, name]) => {
    if (action === "list") {
      caller.print(`Found ${SERVICES.size} services:`);
      [...SERVICES].forEach(([one, type], index) => caller.print(`${index}\t${one}: [${type}]`));
      return 0;
    }
    if (action === "check" && name !== undefined) {
      caller.print(`Service ${name}: ${SERVICES.has(name) ? "found" : "not found"}`);
      return 0;
    }
    caller.printError("Usage: service [list | check SERVICE]");
    return 10;
  };
}

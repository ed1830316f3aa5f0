/** `setprop NAME VALUE` (toybox). */
import type { Command } from "../caller.js";
import type { LogBuffer } from "../log/log-buffer.js";
import { refusePropertyChange } from "../properties/property-rules.js";
import type { PropertyStore } from "../properties/property-store.js";

export function setprop(properties: PropertyStore, log: LogBuffer): Command {
  return async (caller, [name, value, ...more]) => {
    if (name === undefined || value === undefined || more.length > 0) {
      caller.printError(`setprop: Need 2 arguments (see "setprop --help")`);
      return 1;
    }
    const refusal = refusePropertyChange({ name, value, previous: properties.get(name), uid: caller.uid });
    if (refusal !== undefined) {
      log.write("E", "init", `Unable to set property '${name}' from uid:${caller.uid} pid:${caller.pid}: ${refusal}`);
      caller.printError(`Failed to set property '${name}' to '${value}'.`);
      caller.printError(`See dmesg for error reason.`);
      return 1;
    }
    await properties.set(name, value);
    return 0;
  };
}

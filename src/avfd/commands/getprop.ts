/** `getprop [NAME [DEFAULT]]` (toybox). */
import type { Command } from "../caller.js";
import type { PropertyStore } from "../properties/property-store.js";

export function getprop(properties: PropertyStore): Command {
  return async (caller, args) => {
    const names = args.filter((arg) => arg !== "--");
    if (names[0] === "-T" || names[0] === "-Z") {
      caller.printError(`getprop: ${names[0]} is not supported on this device`);
      return 1;
    }
    const [name, otherwise = ""] = names;
    if (name === undefined) {
      for (const [known, value] of properties.entries()) caller.print(`[${known}]: [${value}]`);
    } else caller.print(properties.get(name) ?? otherwise);
    return 0;
  };
}

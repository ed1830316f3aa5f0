/** `cmd SERVICE …`: shell commands of the services this device has. */
import type { Command } from "../caller.js";

const NO_SERVICE_EXIT_CODE = 20;

export function cmd(services: ReadonlyMap<string, Command>): Command {
  return async (caller, [name, ...args]) => {
    if (name === undefined) {
      caller.printError("cmd: No service specified; use -l to list all running services.");
      return NO_SERVICE_EXIT_CODE;
    }
    if (name === "-l") {
      caller.print(`Currently running services:\n${[...services.keys()].map((one) => `  ${one}`).join("\n")}`);
      return 0;
    }
    const service = services.get(name);
    if (!service) {
      caller.printError(`cmd: Can't find service: ${name}`);
      return NO_SERVICE_EXIT_CODE;
    }
    return service(caller, args);
  };
}

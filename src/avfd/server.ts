/** The socket that every command of the device connects to. */
import { chmod, mkdir, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { basename, dirname } from "node:path";
import type { Caller, Command } from "./caller.js";
import { describeSystemError } from "./errno.js";
import { serveConnection } from "./connection.js";

/** As a shell says it when there is no such program. */
const NOT_FOUND_EXIT_CODE = 127;

/**
 * Listens at `socketPath` (any user of the device may connect) and runs the command each client is named after.
 * A command that throws ends with its message on stderr and exit code 1; it never takes the service down.
 */
export async function listen(socketPath: string, commands: ReadonlyMap<string, Command>): Promise<Server> {
  await mkdir(dirname(socketPath), { recursive: true });
  await rm(socketPath, { force: true });
  const server = createServer((socket) => {
    serveConnection(socket, (caller, argv) => runCommand(commands, caller, argv));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  await chmod(socketPath, 0o666);
  return server;
}

async function runCommand(
  commands: ReadonlyMap<string, Command>,
  caller: Caller,
  [program = "", ...args]: readonly string[],
): Promise<number> {
  const command = commands.get(basename(program));
  if (!command) {
    caller.printError(`${program}: not a program of this device`);
    return NOT_FOUND_EXIT_CODE;
  }
  try {
    return await command(caller, args);
  } catch (error) {
    caller.printError(`${program}: ${describeSystemError(error)}`);
    return 1;
  }
}

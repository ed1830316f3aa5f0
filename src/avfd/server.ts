/** The socket that every command of the device connects to. */
import { chmod, mkdir, rename, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { basename, dirname } from "node:path";
import type { Caller, Command } from "./caller.js";
import { describeSystemError } from "./errno.js";
import { serveConnection } from "./connection.js";
import type { AskPeer } from "./kernel.js";

/** As a shell says it when there is no such program. */
const NOT_FOUND_EXIT_CODE = 127;

/**
 * Listens at `socketPath` (any user of the device may connect) and runs the command each client is named after.
 * A command that throws ends with its message on stderr and exit code 1; it never takes the service down.
 */
export async function listen(
  socketPath: string,
  commands: ReadonlyMap<string, Command>,
  askPeer: AskPeer,
): Promise<Server> {
  // Shows under its name only when all may connect: whoever waits for it tries at once.
  const draft = `${socketPath}.new`;
  await mkdir(dirname(socketPath), { recursive: true });
  await rm(draft, { force: true });
  const server = createServer((socket) => {
    const peer = askPeer(socket);
    if (!peer) return void socket.destroy();
    serveConnection(socket, peer, (caller, argv) => runCommand(commands, caller, argv));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(draft, resolve);
  });
  await chmod(draft, 0o666);
  await rename(draft, socketPath);
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

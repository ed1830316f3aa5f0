/** The way from this host to the gdb stub of a VM's monitor, which listens on the device's loopback address. */
import { setTimeout as sleep } from "node:timers/promises";
import { createServer, type Server, type Socket } from "node:net";
import { listeningPorts } from "../../base/text/listening-ports.js";
import type { Device } from "../../device/contract.js";
import { hardwareBreakpoints } from "./hardware-breakpoints.js";

const CONNECT_TIMEOUT_MS = 10_000;
const TRY_AGAIN_MS = 100;
/** Per device: where stubs of ours may be starting at this moment, and nobody listens yet. */
const taken = new Map<string, Set<number>>();
const FIRST_PORT = 20_000;
const PORTS = 10_000;

export interface GdbDoor {
  /** On 127.0.0.1 of this host. */
  readonly port: number;
  /** Whether a debugger is connected. */
  readonly isConnected: boolean;
  /** Calls back when a debugger comes or goes. One listener. */
  onChange(listener: () => void): void;
  /** Ends connections. Repeatable. */
  close(): Promise<void>;
}

/** A port of the device that nobody listens on, and no other VM of ours is to. Free again with `releaseGdbPort`. */
export async function takeGdbPort(device: Device): Promise<number> {
  // A device that does not tell is asked nothing more: the monitor refuses a port that is in use, and the VM does not start.
  const inUse = listeningPorts(await readPorts(device));
  const ours = taken.get(device.serial) ?? new Set<number>();
  taken.set(device.serial, ours);
  for (let port = FIRST_PORT + Math.floor(Math.random() * PORTS); ; port = FIRST_PORT + ((port + 1) % PORTS)) {
    if (inUse.has(port) || ours.has(port)) continue;
    ours.add(port);
    return port;
  }
}

export function releaseGdbPort(serial: string, port: number): void {
  taken.get(serial)?.delete(port);
}

/** Whether something listens on that port of the device; undefined when it does not tell. */
export async function listens(device: Device, port: number): Promise<boolean | undefined> {
  const text = await readPorts(device);
  return text.includes("local_address") ? listeningPorts(text).has(port) : undefined;
}

async function readPorts(device: Device): Promise<string> {
  return (await device.execShort(["sh", "-c", "cd /proc/net && cat tcp tcp6"])).output;
}

/** Each connection to a free port of this host goes to that port of the device. gdb's breakpoints become hardware ones. */
export async function openGdbDoor(
  device: Device,
  devicePort: number,
  timeoutMs = CONNECT_TIMEOUT_MS,
): Promise<GdbDoor> {
  const door = new Door(device, devicePort, timeoutMs);
  await door.open();
  return door;
}

class Door implements GdbDoor {
  readonly #server: Server;
  readonly #debuggers = new Set<Socket>();
  #listener: () => void = () => undefined;
  #closing: Promise<void> | undefined;

  constructor(
    private readonly device: Device,
    private readonly devicePort: number,
    private readonly timeoutMs: number,
  ) {
    this.#server = createServer((socket) => void this.#join(socket));
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  get isConnected(): boolean {
    return this.#debuggers.size > 0;
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    // What holds the process is the VM, not the door to it.
    this.#server.unref();
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#debuggers) socket.destroy();
    });
    return this.#closing;
  }

  /** The monitor's process is reported before it listens. */
  async #reachStub(debugger_: Socket): Promise<Socket> {
    const endMs = performance.now() + this.timeoutMs;
    for (;;) {
      try {
        return await this.device.connect(`tcp:${this.devicePort}`, { timeoutMs: this.timeoutMs });
      } catch (error) {
        if (debugger_.destroyed || performance.now() >= endMs) throw error;
        await sleep(TRY_AGAIN_MS);
      }
    }
  }

  async #join(debugger_: Socket): Promise<void> {
    this.#debuggers.add(debugger_);
    debugger_.on("error", () => undefined);
    debugger_.once("close", () => {
      this.#debuggers.delete(debugger_);
      this.#listener();
    });
    this.#listener();
    try {
      const stub = await this.#reachStub(debugger_);
      stub.on("error", () => undefined);
      stub.once("close", () => debugger_.destroy());
      debugger_.once("close", () => stub.destroy());
      if (debugger_.destroyed) stub.destroy();
      debugger_.pipe(hardwareBreakpoints()).pipe(stub).pipe(debugger_);
    } catch {
      // gdb says "Remote connection closed"; the end of the VM or the device is reported elsewhere.
      debugger_.destroy();
    }
  }
}

/** Speaks as much of the adb server's protocol as tracking and version checks need, with devices that tests invent. */
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { hostShell } from "./host-shell.js";

export class FakeAdbServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #trackers = new Set<Socket>();
  #list = "";
  /** `phone tcp:40000 tcp:80`, as the server lists them. */
  forwards: string[] = [];
  /** Whether the next port that is asked for is somebody else's. */
  isNextTaken = false;
  /** What is done before a forward is opened. */
  beforeForward: () => Promise<void> = async () => undefined;
  /** Services that were asked for, in order. */
  readonly requests: string[] = [];

  private constructor(private readonly version: number) {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(version = 41): Promise<FakeAdbServer> {
    const fake = new FakeAdbServer(version);
    await new Promise<void>((resolve) => fake.#server.listen(0, "127.0.0.1", resolve));
    return fake;
  }

  get address(): { host: string; port: number } {
    return { host: "127.0.0.1", port: (this.#server.address() as AddressInfo).port };
  }

  /** State by serial; trackers are notified. */
  setDevices(devices: Readonly<Record<string, string>>): void {
    this.#list = Object.entries(devices)
      .map(([serial, state]) => `${serial}\t${state}\n`)
      .join("");
    for (const tracker of this.#trackers) tracker.write(withLength(this.#list));
  }

  get connectionCount(): number {
    return this.#sockets.size;
  }

  get trackerCount(): number {
    return this.#trackers.size;
  }

  #stateOf(serial: string): string | undefined {
    return new RegExp(`^${serial}\t(.*)$`, "m").exec(this.#list)?.[1];
  }

  /** Answers as adb 34 does. */
  async #forward(socket: Socket, service: string): Promise<void> {
    if (service === "host:list-forward") {
      socket.end(`OKAY${withLength(this.forwards.map((line) => `${line}\n`).join(""))}`);
      return;
    }
    const [, serial = "", local, remote = "", removed] = FORWARD.exec(service) ?? [];
    socket.write("OKAY");
    const refuse = (why: string): void => void socket.end(`FAIL${withLength(why)}`);
    if (removed !== undefined) {
      // Whatever device it leads to.
      const left = this.forwards.filter((line) => line.split(" ")[1] !== removed);
      if (left.length === this.forwards.length) return refuse(`listener '${removed}' not found`);
      this.forwards = left;
    } else {
      await this.beforeForward();
      if (local === undefined) return refuse("unknown host service");
      if (this.isNextTaken) {
        this.isNextTaken = false;
        return refuse("cannot bind listener: Address already in use");
      }
      this.forwards.push(`${serial} ${local} ${remote}`);
    }
    socket.end("OKAY");
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#trackers.delete(socket);
    });
    let pending = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      pending = Buffer.concat([pending, chunk]);
      const length = Number.parseInt(pending.toString("latin1", 0, 4), 16);
      if (pending.length < 4 + length) return;
      const service = pending.toString("utf8", 4, 4 + length);
      pending = pending.subarray(4 + length);
      if (service.startsWith("shell,")) {
        socket.off("data", onData);
        socket.write("OKAY");
        const shell = hostShell(service);
        shell.write(pending);
        socket.pipe(shell).pipe(socket);
        socket.once("close", () => shell.destroy());
      }
      this.#answer(socket, service);
    };
    socket.on("data", onData);
  }

  #answer(socket: Socket, service: string): void {
    this.requests.push(service);
    if (service.startsWith("shell,")) return;
    if (service.startsWith("host:transport:")) {
      const state = this.#stateOf(service.slice("host:transport:".length));
      if (state === "device") socket.write("OKAY");
      else socket.end(`FAIL${withLength(state === undefined ? "device not found" : `device ${state}`)}`);
      return;
    }
    if (service.includes("forward")) return void this.#forward(socket, service);
    if (service === "host:version") socket.end(`OKAY${withLength(this.version.toString(16).padStart(4, "0"))}`);
    else if (service === "host:track-devices") {
      this.#trackers.add(socket);
      socket.write(`OKAY${withLength(this.#list)}`);
    } else if (/^host-serial:.*:get-state$/.test(service)) {
      const serial = service.slice("host-serial:".length, -":get-state".length);
      const state = this.#stateOf(serial);
      socket.end(
        state === undefined ? `FAIL${withLength(`device '${serial}' not found`)}` : `OKAY${withLength(state)}`,
      );
    } else socket.end(`FAIL${withLength("unknown host service")}`);
  }
}

const FORWARD = /^host-serial:(.*?):(?:forward:norebind:(tcp:\d+);(.*)|killforward:(tcp:\d+))$/;

function withLength(text: string): string {
  return text.length.toString(16).padStart(4, "0") + text;
}

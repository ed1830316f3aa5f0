/** Speaks as much of the adb server's protocol as tracking and version checks need, with devices that tests invent. */
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

export class FakeAdbServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #trackers = new Set<Socket>();
  #list = "";
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

  /** State by serial; trackers are told. */
  setDevices(devices: Readonly<Record<string, string>>): void {
    this.#list = Object.entries(devices)
      .map(([serial, state]) => `${serial}\t${state}\n`)
      .join("");
    for (const tracker of this.#trackers) tracker.write(withLength(this.#list));
  }

  get trackerCount(): number {
    return this.#trackers.size;
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
    let pending = "";
    socket.on("data", (chunk) => {
      pending += chunk.toString("latin1");
      const length = Number.parseInt(pending.slice(0, 4), 16);
      if (pending.length < 4 + length) return;
      const service = pending.slice(4, 4 + length);
      pending = "";
      this.#answer(socket, service);
    });
  }

  #answer(socket: Socket, service: string): void {
    this.requests.push(service);
    if (service === "host:version") socket.end(`OKAY${withLength(this.version.toString(16).padStart(4, "0"))}`);
    else if (service === "host:track-devices") {
      this.#trackers.add(socket);
      socket.write(`OKAY${withLength(this.#list)}`);
    } else if (/^host-serial:.*:get-state$/.test(service)) {
      const serial = service.slice("host-serial:".length, -":get-state".length);
      const state = new RegExp(`^${serial}\t(.*)$`, "m").exec(this.#list)?.[1];
      socket.end(
        state === undefined ? `FAIL${withLength(`device '${serial}' not found`)}` : `OKAY${withLength(state)}`,
      );
    } else socket.end(`FAIL${withLength("unknown host service")}`);
  }
}

function withLength(text: string): string {
  return text.length.toString(16).padStart(4, "0") + text;
}

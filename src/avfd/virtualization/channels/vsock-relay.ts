/** Listening on vsock ports, by way of the helper `vsockd` (client/vsockd.c), which runs as long as this service. */
import { spawn, type ChildProcess } from "node:child_process";
import { LineSplitter } from "../../../base/text/lines.js";

export interface VsockConnection {
  readonly cid: number;
  send(line: string): void;
  /** Ends the connection. */
  drop(): void;
}

export interface VsockListener {
  onOpen?(connection: VsockConnection): void;
  onLine(connection: VsockConnection, line: string): void;
  onClosed?(connection: VsockConnection): void;
}

const MAX_LINE_BYTES = 8 * 1024;

export class VsockRelay {
  #helper: ChildProcess | undefined;
  readonly #listeners = new Map<number, { readonly cid: number | "any"; readonly listener: VsockListener }>();
  readonly #pending = new Map<number, (failure: string | undefined) => void>();
  readonly #connections = new Map<string, { readonly port: number; readonly connection: VsockConnection }>();

  constructor(
    private readonly program: string,
    private readonly onTrouble: (message: string) => void,
  ) {}

  /** Accepts connections from `cid` only, or from any guest. Rejects with the reason when the port is not available. */
  async listen(port: number, cid: number | "any", listener: VsockListener): Promise<void> {
    const helper = this.#start();
    const failure = await new Promise<string | undefined>((resolve) => {
      this.#pending.set(port, resolve);
      helper.stdin?.write(`listen ${port} ${cid}\n`);
    });
    if (failure !== undefined) throw new Error(`cannot listen on vsock port ${port}: ${failure}`);
    this.#listeners.set(port, { cid, listener });
  }

  /** Connections that exist stay until their other end goes. */
  unlisten(port: number): void {
    this.#listeners.delete(port);
    this.#helper?.stdin?.write(`unlisten ${port}\n`);
  }

  stop(): void {
    this.#helper?.kill("SIGKILL");
  }

  #start(): ChildProcess {
    if (this.#helper) return this.#helper;
    const helper = spawn(this.program, [], { stdio: ["pipe", "pipe", "inherit"] });
    this.#helper = helper;
    const lines = new LineSplitter((line) => this.#receive(line), MAX_LINE_BYTES);
    helper.stdout.on("data", (chunk: Buffer) => lines.push(chunk));
    helper.stdin.on("error", () => undefined);
    const lost = (why: string): void => {
      if (this.#helper !== helper) return;
      this.#helper = undefined;
      this.onTrouble(`vsockd ended (${why}); guests cannot report until a new one runs`);
      for (const settle of this.#pending.values()) settle(why);
      this.#pending.clear();
      this.#connections.clear();
    };
    // A helper that was lost listened for VMs that still run.
    for (const [port, { cid }] of this.#listeners) helper.stdin.write(`listen ${port} ${cid}\n`);
    helper.once("error", (error) => lost(error.message));
    helper.once("exit", (code, signal) => lost(signal ?? `exit code ${code}`));
    return helper;
  }

  #receive(line: string): void {
    const [event = "", subject = "", ...rest] = line.split(" ");
    const text = rest.join(" ");
    switch (event) {
      case "listening":
      case "failed":
        this.#pending.get(Number(subject))?.(event === "failed" ? text : undefined);
        this.#pending.delete(Number(subject));
        return;
      case "open":
        return this.#open(subject, Number(rest[0]), Number(rest[1]));
      case "line":
      case "closed": {
        const known = this.#connections.get(subject);
        if (!known) return;
        if (event === "closed") this.#connections.delete(subject);
        const listener = this.#listeners.get(known.port)?.listener;
        if (event === "line") listener?.onLine(known.connection, text);
        else listener?.onClosed?.(known.connection);
        return;
      }
      case "refused":
        return this.onTrouble(`guest ${rest[0]} has too many connections to vsock port ${subject}; more are refused`);
      default:
        this.onTrouble(`vsockd said ${JSON.stringify(line)}`);
    }
  }

  #open(id: string, port: number, cid: number): void {
    const connection: VsockConnection = {
      cid,
      send: (line) => void this.#helper?.stdin?.write(`send ${id} ${line}\n`),
      drop: () => void this.#helper?.stdin?.write(`drop ${id}\n`),
    };
    this.#connections.set(id, { port, connection });
    this.#listeners.get(port)?.listener.onOpen?.(connection);
  }
}

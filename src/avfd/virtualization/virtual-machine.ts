/** One VM from its creation to its death: state, monitor process, streams, hang-up guard. */
import type { Readable, Writable } from "node:stream";
import { describeError } from "../../base/errors.js";
import { VmStartRefusal } from "../vmm/kernel/start-refusal.js";
import type { VmmEnd, VmmProcess } from "../vmm/contract.js";
import { deathReason, type DeathReason } from "./state/death-reason.js";
import { StreamTail } from "./channels/stream-tail.js";
import { ServiceError } from "./service-error.js";
import { notifiedLine, runningLine, userName, writeServiceLog, type ServiceModule } from "../log/service-log.js";
import type { Requester } from "./vm-config.js";
import type { VirtualMachineOptions } from "./vm-options.js";
import {
  parseGuestNotification,
  stateAfter,
  VM_STATES,
  type GuestNotification,
  type VmState,
} from "./state/vm-state.js";

export type VmEvent = GuestNotification | { readonly kind: "died"; readonly reason: DeathReason };

const MAX_FAILURE_BYTES = 4096;
/** The monitor is gone and what it wrote is in the sockets: more than this only a stuck reader takes. */
const DRAIN_TIMEOUT_MS = 2_000;
export class VirtualMachine {
  readonly cid: number;
  readonly name: string;
  readonly protectedVm: boolean;
  readonly requester: Requester;
  readonly temporaryDirectory: string;
  /** Settles after the `died` event; never rejects. */
  readonly died: Promise<DeathReason>;
  #state: VmState = "NOT_STARTED";
  #process: VmmProcess | undefined;
  #hungUp = false;
  #killed = false;
  #guard: NodeJS.Timeout | undefined;
  #tellDeath: (reason: DeathReason) => void = () => undefined;
  readonly #listeners = new Set<(event: VmEvent) => void>();

  constructor(private readonly options: VirtualMachineOptions) {
    this.cid = options.cid;
    this.name = options.name;
    this.protectedVm = options.protectedVm;
    this.requester = options.requester;
    this.temporaryDirectory = options.temporaryDirectory;
    this.died = new Promise((resolve) => (this.#tellDeath = resolve));
    this.#tell("created");
  }

  get state(): VmState {
    return this.#state;
  }

  get vmmPid(): number | undefined {
    return this.#process?.pid;
  }

  /** What comes from there is typed into the console from now on, while the VM runs. */
  connectInput(source: Readable): void {
    if (!this.#process || this.#state === "DEAD") return void source.destroy();
    pour(source, this.#process.streams[this.options.consoleInput]);
    void this.died.then(() => source.destroy());
  }

  onEvent(listener: (event: VmEvent) => void): void {
    this.#listeners.add(listener);
  }

  /** Starts the monitor. When it cannot be started, the VM is dead and the error is thrown. */
  async start(): Promise<void> {
    if (this.#state !== "NOT_STARTED") {
      throw new ServiceError("EX_SERVICE_SPECIFIC", `VM already started or failed to start (state ${this.#state})`);
    }
    this.#state = "STARTING";
    try {
      const process = await this.options.launch();
      this.#process = process;
      this.#write("I", runningLine(this.options.androidRelease, process.argv));
      this.#tell("started");
      const { templateRefusal } = process;
      if (templateRefusal !== undefined) this.#write("W", `Booting without a template: ${templateRefusal}`);
      void this.#watch(process).catch((error: unknown) => this.#loseSight(process, error));
      if (this.#killed) process.kill();
    } catch (error) {
      if (error instanceof VmStartRefusal) return this.#refuse(error.message);
      await this.#die("START_FAILED");
      throw error;
    }
    this.#startGuard();
  }

  /** Dead soon after its start, as if the monitor had run and said why. */
  #refuse(why: string): void {
    this.#write("E", why);
    this.options.streams.messages?.write(`${why}\n`);
    setImmediate(() => void this.#die(this.#killed ? "KILLED" : "START_FAILED"));
  }

  /** Ends the VM at once; settles when it is gone. A VM that is not running is left alone. */
  async kill(): Promise<void> {
    if (this.#state === "NOT_STARTED") return this.#die("KILLED");
    // The monitor may be on its way still.
    this.#killed = true;
    this.#process?.kill();
    await this.died;
  }

  /** Returns why the notification was refused; undefined when it was recorded. */
  notify(line: string): string | undefined {
    const notification = parseGuestNotification(line);
    if (!notification) return "not a notification";
    const next = stateAfter(this.#state, notification);
    if (next === undefined || this.#state === "NOT_STARTED") return `illegal in state ${this.#state}`;
    this.#state = next;
    clearTimeout(this.#guard);
    this.#write("I", notifiedLine(this.options.androidRelease, this.cid, notification.kind), "aidl");
    if (notification.kind === "started") this.#process?.bootEnded?.(this.options.nextCid);
    this.#emit(notification);
    return undefined;
  }

  async #watch(process: VmmProcess): Promise<void> {
    const { streams } = this.options;
    const failure = new StreamTail(MAX_FAILURE_BYTES);
    failure.follow(process.streams.failure);
    for (const source of [process.streams.ttyS0, process.streams.hvc0]) pour(source, streams.consoleOut);
    pour(process.streams.log, streams.log);
    pour(process.streams.messages, streams.messages);
    process.streams.messages.on("data", (chunk: Buffer) => this.#write("W", chunk.toString().trimEnd()));
    if (streams.consoleIn) pour(streams.consoleIn, process.streams[this.options.consoleInput]);
    const end = await process.ended;
    clearTimeout(this.#guard);
    if (streams.consoleIn) streams.consoleIn.destroy();
    const { ttyS0, hvc0, failure: failureStream, log, messages } = process.streams;
    await drained([ttyS0, hvc0, failureStream, log, messages]);
    const said = failure.text();
    this.#write("I", `crosvm(${process.pid}) exited with status ${exitStatus(end)}`);
    this.#tell("exited");
    if (said !== "") this.#write("I", `VM returned failure reason '${said}'`);
    if (end.kind === "crash" || end.kind === "reboot") await this.#explainEnd();
    await this.#die(
      deathReason({
        end,
        failure: said,
        hangup: this.#hungUp,
        payloadStarted: !this.options.reportsBoot || VM_STATES[this.#state] >= VM_STATES.STARTED,
      }),
    );
  }

  async #explainEnd(): Promise<void> {
    const why = await this.options.explainEnd?.().catch(() => undefined);
    if (why === undefined) return;
    this.#write("E", why);
    this.options.streams.messages?.write(`${why}\n`);
  }

  /** Who cannot be watched must not run. */
  async #loseSight(process: VmmProcess, error: unknown): Promise<void> {
    this.#write("E", `${this.#describe()} cannot be watched: ${describeError(error)}`);
    clearTimeout(this.#guard);
    process.kill();
    await process.ended;
    await this.#die("INFRASTRUCTURE_ERROR");
  }

  #startGuard(): void {
    const { hangupTimeoutMs } = this.options;
    if (hangupTimeoutMs === undefined || this.#state !== "STARTING") return;
    this.#guard = setTimeout(() => {
      this.#hungUp = true;
      const limit = `${hangupTimeoutMs / 1000} secs timeout`;
      this.#write("E", `Microdroid(${this.vmmPid ?? 0}) failed to start payload within ${limit}. Shutting down.`);
      this.#process?.kill();
    }, hangupTimeoutMs);
  }

  async #die(reason: DeathReason): Promise<void> {
    if (this.#state === "DEAD") return;
    this.#state = "DEAD";
    // What cannot be freed must not keep anybody waiting for the end of a VM that has ended.
    await this.options.release().catch((error: unknown) => {
      this.#write("E", `${this.#describe()} left something behind: ${describeError(error)}`);
    });
    this.#write("I", `${this.#describe()} died: ${reason}`);
    this.#emit({ kind: "died", reason });
    this.#tellDeath(reason);
  }

  #emit(event: VmEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #describe(): string {
    const kind = this.protectedVm ? "Protected" : "Non-protected";
    return `${kind} virtual machine "${this.name}" (owner: ${userName(this.requester.uid)}, cid: ${this.cid})`;
  }

  /** Android 13 does not. */
  #tell(what: string): void {
    if (this.options.androidRelease > 13) this.#write("I", `${this.#describe()} ${what}`);
  }

  #write(priority: "I" | "W" | "E", message: string, module: ServiceModule = "crosvm"): void {
    const { log, androidRelease } = this.options;
    writeServiceLog(log, androidRelease, [priority, module, message], this.requester);
  }
}

/** With back-pressure, as a pipe: who does not read the console holds up the guest. */
function pour(source: Readable, target: Writable | undefined): void {
  source.on("error", () => undefined);
  if (!target) return void source.resume();
  source.pipe(target, { end: false });
}

async function drained(streams: readonly Readable[]): Promise<void> {
  const all = Promise.all(
    streams.map(
      (stream) =>
        new Promise<void>((resolve) => {
          if (stream.readableEnded || stream.destroyed) resolve();
          else stream.once("end", resolve).once("close", resolve);
        }),
    ),
  );
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([all, new Promise<void>((resolve) => (timer = setTimeout(resolve, DRAIN_TIMEOUT_MS)))]);
  clearTimeout(timer);
  for (const stream of streams) stream.destroy();
}

/** crosvm's own code for what the monitor told, with `--extended-status`; QEMU has others. */
const CROSVM_STATUS = {
  ...{ shutdown: "exit status: 0", "start-failed": "exit status: 1", reboot: "exit status: 32" },
  ...{ crash: "exit status: 33", "watchdog-reboot": "exit status: 36", killed: "signal: 9 (SIGKILL)" },
} as const;

function exitStatus(end: VmmEnd): string {
  return end.status ?? (end.kind === "unknown" ? "" : CROSVM_STATUS[end.kind]);
}

/** One VM, alive as long as the `vm run-app` that we are attached to. */
import type { Socket } from "node:net";
import { sleep, withDeadline } from "../base/deadline.js";
import { describeError } from "../base/errors.js";
import { LineSplitter, type LinePiece } from "../base/text/lines.js";
import { outputsEnded, type Device, type DeviceProcess } from "../device/index.js";
import type { DeathReason, RunningVm, VmBookmark, VmDebugInfo, VmEvent, VmState } from "./contract.js";
import { connectVsock } from "./connect-vsock.js";
import { deathReason } from "./dialects/codes.js";
import type { Dialect, ToolLine } from "./dialects/dialect.js";
import { FollowedFile } from "./followed-file.js";
import { VmProgress } from "./tool-output/vm-progress.js";
import { toolFailure, unknownOutput } from "./tool.js";
import { untilUnlisted } from "./tool-output/until-unlisted.js";

/** Creating makes an instance image and an idsig first, on a device that may be emulated. */
const START_TIMEOUT_MS = 180_000;
const OUTPUT_END_TIMEOUT_MS = 5_000;
const KEPT_LINES = 60;

export interface AttachOptions {
  readonly device: Device;
  readonly dialect: Dialect;
  /** Where to begin. */
  readonly followed: Omit<VmBookmark, "cid">;
  /** True: console and log are followed as soon as the VM runs; else from `follow()` on. */
  readonly followsAtOnce: boolean;
  /** What attaches us: it makes the VM, or joins one that runs. */
  readonly attach: () => DeviceProcess;
  readonly consolePath: string;
  readonly logPath: string;
  readonly listVms: () => Promise<readonly VmDebugInfo[]>;
}

/** Console and log files must exist once the VM does. Resolves when the VM starts; see `VirtualizationService`. */
export async function attachToVm(
  options: AttachOptions,
  listener: (event: VmEvent) => void,
  signal: AbortSignal | undefined,
): Promise<RunningVm> {
  const vm = new AttachedVm(options, listener);
  try {
    await withDeadline(
      `VM ${options.followed.name} to be created`,
      { timeoutMs: START_TIMEOUT_MS, signal },
      () => vm.started,
    );
    return vm;
  } catch (error) {
    await vm.abandon();
    throw error;
  }
}

class AttachedVm implements RunningVm {
  readonly started: Promise<void>;
  readonly died: Promise<DeathReason>;
  readonly writeConsole: ((bytes: Uint8Array) => Promise<void>) | undefined;
  readonly #process: DeviceProcess;
  readonly #console: FollowedFile;
  readonly #log: FollowedFile;
  readonly #progress: VmProgress;
  readonly #words = { stdout: [] as string[], stderr: [] as string[] };
  #cid: number | undefined;
  #reason: DeathReason | undefined;
  #stopping = false;
  #stopFailure: Error | undefined;
  #disowned = false;
  #settleStarted!: { resolve: () => void; reject: (error: Error) => void };

  constructor(
    private readonly options: AttachOptions,
    private readonly listener: (event: VmEvent) => void,
  ) {
    const { device, followed } = options;
    this.#progress = new VmProgress((event) => this.#emit(event));
    this.started = new Promise((resolve, reject) => (this.#settleStarted = { resolve, reject }));
    this.started.catch(() => undefined);
    this.#process = options.attach();
    this.#readLines("stdout");
    this.#readLines("stderr");
    const { consolePath, logPath } = options;
    const follow = (path: string, kind: "console" | "log", from: number): FollowedFile =>
      new FollowedFile(device, path, (chunk) => this.#emit({ kind, chunk }), from);
    this.#console = follow(consolePath, "console", followed.consoleBytes);
    this.#log = follow(logPath, "log", followed.logBytes);
    this.writeConsole = followed.consoleInput ? (bytes) => this.#writeConsole(bytes) : undefined;
    this.died = this.#live();
  }

  get cid(): number {
    if (this.#cid === undefined) throw new Error("a VM has no CID before it is created");
    return this.#cid;
  }

  state(): VmState {
    return this.#progress.state;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#process.stop();
    await this.died;
    if (this.#stopFailure) throw this.#stopFailure;
  }

  follow(): void {
    this.#console.begin();
    this.#log.begin();
  }

  bookmark(): VmBookmark {
    const { followed } = this.options;
    const [consoleBytes, logBytes] = [this.#console.deliveredBytes, this.#log.deliveredBytes];
    return { ...followed, cid: this.cid, consoleBytes, logBytes };
  }

  async disown(): Promise<void> {
    this.#disowned = true;
    await Promise.all([this.#process.stop(), this.#console.abandon(), this.#log.abandon()]);
  }

  /** For a failed start: leaves no VM and no process behind. */
  async abandon(): Promise<void> {
    this.#stopping = true;
    await this.#process.stop();
    await this.died;
  }

  async connectVsock(port: number, signal?: AbortSignal): Promise<Socket> {
    return connectVsock(this.options.device, this.cid, port, { signal });
  }

  #readLines(stream: "stdout" | "stderr"): void {
    const lines = new LineSplitter((line, piece) => this.#readLine(stream, line, piece));
    this.#process[stream].on("data", (chunk: Buffer) => lines.push(chunk));
    this.#process[stream].on("end", () => lines.end());
  }

  #readLine(stream: "stdout" | "stderr", line: string, piece: LinePiece | undefined): void {
    const known = piece === undefined ? this.options.dialect.parseLine(stream, line) : undefined;
    if (known) return this.#apply(known);
    if (stream === "stdout" && this.#cid !== undefined && this.options.dialect.payloadOutputOnStdout) {
      const end = piece === "first" || piece === "middle" ? "" : "\n";
      return this.#emit({ kind: "log", chunk: Buffer.from(`${line}${end}`) });
    }
    const kept = this.#words[stream];
    kept.push(line);
    if (kept.length > KEPT_LINES) kept.shift();
  }

  #apply(line: ToolLine): void {
    if (line.kind === "created") this.#cid ??= line.cid;
    if (line.kind === "ended") this.#reason ??= line.reason;
    this.#progress.apply(line);
    if (this.#cid === undefined || this.#progress.state === "NOT_STARTED") return;
    // Not sooner: what follows them would take time from what starts the VM, and they need not exist before.
    if (this.options.followsAtOnce) this.follow();
    this.#settleStarted.resolve();
  }

  /** From attach to death; delivers `died` last. */
  async #live(): Promise<DeathReason> {
    const { exitCode } = await this.#process.ended;
    if (this.#disowned) return new Promise(() => undefined);
    const timer = new AbortController();
    const bound = sleep(OUTPUT_END_TIMEOUT_MS, timer.signal).catch(() => undefined);
    await Promise.race([outputsEnded(this.#process), bound]);
    timer.abort();
    const reason = this.#reason ?? (await this.#explainEnd(exitCode));
    await Promise.all([this.#console, this.#log].map((file) => file.finish().catch(() => undefined)));
    // An end that was reported meanwhile is the device's, not the VM's.
    if (this.#disowned) return new Promise(() => undefined);
    if (this.#progress.state === "NOT_STARTED") {
      this.#settleStarted.reject(this.#startFailure(exitCode));
      return reason;
    }
    this.#explainFailedStart(reason);
    this.#progress.advance("DEAD");
    this.#emit({ kind: "died", reason });
    return reason;
  }

  /** A guest that never ran said nothing; what its monitor said about that is all there is to read. */
  #explainFailedStart(reason: DeathReason): void {
    if (reason.kind !== "known" || reason.name !== "START_FAILED") return;
    for (const line of this.#words.stderr) this.#emit({ kind: "log", chunk: Buffer.from(`vm: ${line}\n`) });
  }

  /** The tool did not say how its VM ended: make sure that it did, and tell what we know. */
  async #explainEnd(exitCode: number | undefined): Promise<DeathReason> {
    if (this.options.device.gone.aborted) return deathReason("VIRTUALIZATION_SERVICE_DIED");
    try {
      const { device, followed, listVms } = this.options;
      if (this.#cid !== undefined) await untilUnlisted(device, { name: followed.name, cid: this.#cid, listVms });
    } catch (error) {
      if (this.options.device.gone.aborted) return deathReason("VIRTUALIZATION_SERVICE_DIED");
      this.#stopFailure = error as Error;
      return deathReason("INFRASTRUCTURE_ERROR");
    }
    if (this.#stopping) return deathReason("KILLED");
    if (exitCode === undefined) return deathReason("INFRASTRUCTURE_ERROR");
    return { kind: "unrecognised", raw: `the vm tool ended with exit code ${exitCode} and gave no reason` };
  }

  #startFailure(exitCode: number | undefined): Error {
    const { device, followed } = this.options;
    const gone: unknown = device.gone.reason;
    if (gone instanceof Error) return gone;
    const stdout = this.#words.stdout.join("\n");
    const stderr = this.#words.stderr.join("\n");
    if (exitCode === 0 && stderr.trim() === "") return unknownOutput("vm run-app", stdout);
    return toolFailure(device.serial, `starting VM ${followed.name}`, { exitCode, stdout, stderr });
  }

  #writeConsole(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#process.stdin.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  #emit(event: VmEvent): void {
    if (this.#disowned) return;
    // A listener that throws would break the reading of this VM's streams, and thereby every later event.
    try {
      this.listener(event);
    } catch (error) {
      process.emitWarning(`A listener of VM ${this.options.followed.name} threw: ${describeError(error)}`);
    }
  }
}

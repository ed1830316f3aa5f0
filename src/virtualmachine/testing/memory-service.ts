/** A VirtualizationService in memory: tests say what its VMs do. For unit tests of the lifecycle library. */
import { PassThrough } from "node:stream";
import { DEATH_REASONS } from "../../virtualizationservice/contract.js";
import { RUN_OPTIONS } from "../../virtualizationservice/abilities/run-options.js";
import { MemoryFiles } from "./memory-files.js";
import type { Socket } from "node:net";
import type {
  AppVmConfig,
  DeathReason,
  PartitionType,
  RunningVm,
  ServiceCapabilities,
  VirtualizationService,
  VmBookmark,
  VmDebugInfo,
  VmConfig,
  VmEvent,
  VmState,
} from "../../virtualizationservice/contract.js";
import type { VmContext } from "../context.js";

const OF_BOTH = ["--console-in", "--network-supported", "--hugepages", ...RUN_OPTIONS.map(({ flag }) => flag)];
const RUN_APP = [...OF_BOTH, "--storage", "--extra-apk", "--vendor", "--os", "--payload-binary-name"];
const RUN = [...OF_BOTH, "--name", "--debug", "--console", "--log", "--cpu-topology", "--mem"];

/** A `vm` tool that takes everything but these options. */
export function toolWithout(...options: readonly string[]): ServiceCapabilities["tool"] {
  return {
    commands: new Set(["run-app", "run", "check-feature-enabled"]),
    run: new Set(RUN.filter((option) => !options.includes(option))),
    runApp: new Set(RUN_APP.filter((option) => !options.includes(option))),
    required: new Set(),
    cpuCounts: false,
  };
}

const ALL: ServiceCapabilities = {
  protectedVm: true,
  nonProtectedVm: true,
  androidRelease: 15,
  sdk: 35,
  supportedOsList: ["microdroid"],
  cpuCount: 2,
  encryptedStorage: true,
  cpuTopology: true,
  features: new Set(),
  hypervisorVersion: undefined,
  debugPolicy: undefined,
  tool: toolWithout(),
};

/** A VM that runs as long as the test wants. */
export class MemoryVm implements RunningVm {
  readonly typed: string[] = [];
  readonly ports: number[] = [];
  disowned = false;
  /** Of one that was resumed. */
  followed = false;
  #consoleBytes = 0;
  readonly writeConsole: ((bytes: Uint8Array) => Promise<void>) | undefined;
  readonly died: Promise<DeathReason>;
  #settleDied!: (reason: DeathReason) => void;
  #state: VmState = "STARTING";

  constructor(
    readonly cid: number,
    readonly asked: VmConfig,
    private readonly listener: (event: VmEvent) => void,
  ) {
    this.died = new Promise((resolve) => (this.#settleDied = resolve));
    this.writeConsole = asked.consoleInput ? async (bytes) => void this.typed.push(String(bytes)) : undefined;
  }

  /** Of one that is Microdroid. */
  get config(): AppVmConfig {
    if ("image" in this.asked) throw new Error("a custom image has no payload");
    return this.asked;
  }

  state(): VmState {
    return this.#state;
  }

  async stop(): Promise<void> {
    if (this.#state === "DEAD") throw new Error("VM is not running (service)");
    this.die("KILLED");
  }

  async connectVsock(port: number, _signal?: AbortSignal): Promise<Socket> {
    this.ports.push(port);
    return new PassThrough() as unknown as Socket;
  }

  follow(): void {
    this.followed = true;
  }

  bookmark(): VmBookmark {
    const { name, consoleInput, scratchPath } = this.asked;
    return { name, cid: this.cid, consoleInput, scratchPath, consoleBytes: this.#consoleBytes, logBytes: 0 };
  }

  async disown(): Promise<void> {
    this.disowned = true;
  }

  print(text: string): void {
    this.#consoleBytes += text.length;
    this.listener({ kind: "console", chunk: Buffer.from(text) });
  }

  log(text: string): void {
    this.listener({ kind: "log", chunk: Buffer.from(text) });
  }

  started(): void {
    this.#enter("STARTED");
    this.listener({ kind: "payload-started" });
  }

  ready(): void {
    this.#enter("READY");
    this.listener({ kind: "payload-ready" });
  }

  finish(exitCode: number): void {
    this.#enter("FINISHED");
    this.listener({ kind: "payload-finished", exitCode });
  }

  fail(message: string): void {
    this.#enter("FINISHED");
    this.listener({ kind: "error", code: { kind: "known", name: "UNKNOWN", value: 0 }, message });
  }

  die(reason: keyof typeof DEATH_REASONS | DeathReason): void {
    const died = typeof reason === "string" ? known(reason) : reason;
    this.goDead();
    this.listener({ kind: "died", reason: died });
    this.#settleDied(died);
  }

  /** DEAD, with the event still on its way. */
  goDead(): void {
    this.#state = "DEAD";
  }

  #enter(state: VmState): void {
    this.#state = state;
    this.listener({ kind: "state", state });
  }
}

export class MemoryService implements VirtualizationService {
  readonly files = new MemoryFiles();
  /** Every VM ever started, oldest first. */
  readonly vms: MemoryVm[] = [];
  readonly features = new Set<string>();
  answers: Partial<ServiceCapabilities> = {};
  /** Runs at the end of each start, before the caller gets it: throw to fail it, or speak early. */
  onStart: (vm: MemoryVm) => void | Promise<void> = () => undefined;
  failPartition: Error | undefined;
  #lastCid = 2047;

  /** The VM started last. */
  get vm(): MemoryVm {
    return this.vms.at(-1)!;
  }

  async capabilities(): Promise<ServiceCapabilities> {
    return { ...ALL, features: this.features, ...this.answers };
  }

  async isFeatureEnabled(feature: string): Promise<boolean> {
    return this.features.has(feature);
  }

  async initializeWritablePartition(path: string, sizeBytes: number, type: PartitionType): Promise<void> {
    if (this.failPartition) throw this.failPartition;
    if (await this.files.exists(path)) throw new Error(`Failed to create "${path}"`);
    await this.files.write(path, `${type} ${sizeBytes}`);
  }

  async createOrUpdateIdsigFile(apkPath: string, idsigPath: string): Promise<void> {
    if (!(await this.files.exists(apkPath))) throw new Error("Failed to open APK file");
    await this.files.write(idsigPath, `idsig of ${apkPath}`);
  }

  async prepareRun(scratchPath: string): Promise<void> {
    const around = scratchPath.slice(0, scratchPath.lastIndexOf("/"));
    if (!(await this.files.exists(around))) throw new Error(`Could not create folder ${scratchPath}: No such file`);
    if (await this.files.exists(scratchPath)) throw new Error(`Could not create folder ${scratchPath}: File exists`);
    await this.files.ensureFolder(scratchPath);
  }

  async startVm(config: VmConfig, listener: (event: VmEvent) => void, signal?: AbortSignal): Promise<RunningVm> {
    signal?.throwIfAborted();
    const extra = "image" in config ? [] : config.extraApks.flatMap(({ apkPath, idsigPath }) => [apkPath, idsigPath]);
    const needed = "image" in config ? [] : [config.apkPath, config.idsigPath, config.instanceImagePath, ...extra];
    for (const path of needed) {
      if (!(await this.files.exists(path))) throw new Error(`Failed to open ${path}`);
    }
    if (!(await this.files.exists(config.scratchPath))) throw new Error(`Failed to open ${config.scratchPath}`);
    const vm = new MemoryVm(++this.#lastCid, config, listener);
    this.vms.push(vm);
    listener({ kind: "state", state: "STARTING" });
    await this.onStart(vm);
    return vm;
  }

  /** Each is a VM of its own in `vms`, which begins where the bookmark is. */
  async resumeVm(
    { cid }: VmBookmark,
    _told: readonly VmEvent[],
    listener: (event: VmEvent) => void,
  ): Promise<RunningVm> {
    const before = this.vms.findLast((vm) => vm.cid === cid);
    if (!before) throw new Error(`no attached VM has CID ${cid}`);
    const vm = new MemoryVm(cid, before.asked, listener);
    this.vms.push(vm);
    return vm;
  }

  async listVms(): Promise<readonly VmDebugInfo[]> {
    return this.vms
      .filter((vm) => vm.state() !== "DEAD")
      .map(({ cid, config: { name } }) => ({
        ...{ cid, name, temporaryDirectory: `/tmp/${cid}`, requesterUid: 2000, requesterPid: 1 },
        hostConsoleName: undefined,
      }));
  }
}

export const APK = "/data/app/com.example/base.apk";

/** A context with its APK in place, and the service behind it. */
export function memoryContext(overrides: Partial<VmContext> = {}): { context: VmContext; service: MemoryService } {
  const service = new MemoryService();
  service.files.entries.set(APK, Buffer.from("apk"));
  const context = { packageName: "com.example", apkPath: APK, dataFolder: "/data/avf/com.example", service };
  return { context: { ...context, ...overrides }, service };
}

export function known(name: keyof typeof DEATH_REASONS): DeathReason {
  return { kind: "known", name, value: DEATH_REASONS[name] };
}

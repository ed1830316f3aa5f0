/**
 * The host orchestrator of google/android-cuttlefish, on 127.0.0.1, with `stub-cvd.cjs` where it looks for `cvd`. Its binary
 * is what `AVF_ORCHESTRATOR` names; it wants /usr/bin/cvd, which it is given in a mount namespace of its own, by root.
 */
import { execFile, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "../../../base/testing/until.js";
import { pickPort } from "../../../process/pick-port.js";

const BINARY = process.env["AVF_ORCHESTRATOR"] ?? "";
const START_TIMEOUT_MS = 30_000;
const OPERATION_TIMEOUT_MS = 5 * 60_000;
const STUB_IN_PLACE = 'mount -t overlay overlay -o "lowerdir=$STUB:/usr/bin" /usr/bin && exec "$@" >>"$LOG" 2>&1';

/** Undefined: it is available here. */
export function whyNoOrchestrator(): string | undefined {
  if (BINARY === "") return "AVF_ORCHESTRATOR names no host orchestrator";
  if (!existsSync(BINARY)) return `AVF_ORCHESTRATOR names ${BINARY}, which is not there`;
  if (!existsSync("/dev/kvm")) return "a host orchestrator makes no devices without /dev/kvm";
  const mounts = spawnSync("unshare", [
    "--mount",
    "sh",
    "-c",
    "mount -t overlay overlay -o lowerdir=/var:/usr/bin /usr/bin",
  ]);
  return mounts.status === 0 ? undefined : "it takes root, and overlayfs";
}

/** Where it runs: an address there, and what leads a command there. */
interface Place {
  readonly address: string;
  readonly enter: readonly string[];
}

const HERE: Place = { address: "127.0.0.1", enter: [] };

const started = new Set<ChildProcess>();
process.once("exit", () => started.forEach((child) => child.kill("SIGKILL")));

export class TestOrchestrator {
  readonly folder = mkdtempSync(join(tmpdir(), "avf-orchestrator-"));
  #child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly place: Place,
  ) {}

  static async start(place = HERE): Promise<TestOrchestrator> {
    const orchestrator = new TestOrchestrator(await pickPort(), place);
    await orchestrator.startAgain();
    return orchestrator;
  }

  /** Of its REST API. */
  get base(): string {
    return `http://${this.place.address}:${this.port}/`;
  }

  address(query = ""): URL {
    return new URL(`cuttlefish://${this.place.address}:${this.port}/?${query}`);
  }

  /** As `cvd load` takes it. */
  writeConfig(instance: object = {}): string {
    const path = join(this.folder, "environment.json");
    writeFileSync(path, JSON.stringify({ common: {}, instances: [{ name: "phone", ...instance }] }));
    return path;
  }

  async startAgain(): Promise<void> {
    const stub = join(this.folder, "bin");
    mkdirSync(stub, { recursive: true });
    const program = join(stub, "cvd");
    writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${join(__dirname, "stub-cvd.cjs")}" "$@"\n`);
    chmodSync(program, 0o755);
    const { address, enter } = this.place;
    const args = [
      ...["-listen_addr", address, "-http_port", String(this.port)],
      ...["-cvd_artifacts_dir", join(this.folder, "artifacts")],
    ];
    const [file = "", ...argv] = [...enter, "unshare", "--mount", "sh", "-c", STUB_IN_PLACE, "sh", BINARY, ...args];
    this.#child = spawn(file, argv, {
      env: { ...process.env, STUB: stub, CVD_STUB_FOLDER: this.folder, LOG: join(this.folder, "orchestrator.log") },
      stdio: "ignore",
    });
    started.add(this.#child);
    this.#child.once("exit", (_code, _signal) => started.delete(this.#child as ChildProcess));
    await until("the orchestrator to answer", async () => (await this.#status()) === 200, {
      timeoutMs: START_TIMEOUT_MS,
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** `group/name status` of each device, as the orchestrator has it. */
  async devices(): Promise<readonly string[]> {
    return (await this.#cvds()).map(({ group, name, status }) => `${group}/${name} ${status}`);
  }

  /** Where the adb of each is, on its host. */
  async adbPorts(): Promise<readonly number[]> {
    return (await this.#cvds()).map(({ adb_port: port }) => port ?? 0);
  }

  /** Asks for something as others than we do. */
  async operate(method: string, path: string, body?: object): Promise<void> {
    const begun = await this.#ask(method, path, body);
    const { name } = JSON.parse(begun.text) as { name: string };
    const endMs = performance.now() + OPERATION_TIMEOUT_MS;
    let done: Answer;
    // 503 after two minutes that were not enough.
    do done = await this.#ask("POST", `operations/${name}/:wait`);
    while (done.status === 503 && performance.now() < endMs);
    if (done.status !== 200) throw new Error(`${method} ${path}: ${done.text}`);
  }

  /** Where it keeps bug reports until somebody removes them. */
  get bugReports(): string {
    return join(this.folder, "artifacts/cvdbugreports");
  }

  /** Ids of those that it keeps. */
  snapshots(): readonly string[] {
    const folder = join(this.folder, "artifacts/snapshots");
    return existsSync(folder) ? readdirSync(folder) : [];
  }

  /** The commands that `cvd` got. */
  calls(): readonly string[] {
    return readFileSync(join(this.folder, "calls.log"), "utf8").trim().split("\n");
  }

  async stop(): Promise<void> {
    if (await this.#status().then((status) => status === 200)) {
      const groups = new Set((await this.devices()).map((device) => device.split("/")[0] ?? ""));
      for (const group of groups) await this.operate("DELETE", `cvds/${group}`);
    }
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #status(): Promise<number> {
    return (await this.#ask("GET", "_debug/statusz").catch(() => undefined))?.status ?? 0;
  }

  async #cvds(): Promise<readonly PrintedCvd[]> {
    const { text } = await this.#ask("GET", "cvds");
    return (JSON.parse(text) as { cvds: readonly PrintedCvd[] }).cvds;
  }

  /** From where it runs: its host may have a network of its own. */
  async #ask(method: string, path: string, body?: object): Promise<Answer> {
    const request = JSON.stringify({ url: this.base + path, method, body: body && JSON.stringify(body) });
    const [file = "", ...argv] = [...this.place.enter, process.execPath, "-e", ASK, request];
    const { stdout } = await promisify(execFile)(file, argv);
    return JSON.parse(stdout) as Answer;
  }
}

interface PrintedCvd {
  readonly group: string;
  readonly name: string;
  readonly status: string;
  readonly adb_port?: number;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

const ASK = `const { url, ...request } = JSON.parse(process.argv[1]);
fetch(url, request).then(async (got) => console.log(JSON.stringify({ status: got.status, text: await got.text() })));`;

/** A labgrid coordinator and exporters as PyPI has them, on 127.0.0.1, for tests: `npm run test:lab` says where they are. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { sleep } from "../../../base/deadline.js";
import { pickPort } from "../../../process/pick-port.js";

interface LabPlace {
  readonly tags?: Readonly<Record<string, string>>;
  readonly aliases?: readonly string[];
  /** By class, with its parameters, as an exporter's configuration has them. */
  readonly resources?: Readonly<Record<string, object>>;
}

interface TestLabOptions {
  readonly clockOffSeconds?: number;
  readonly exporterOptions?: readonly string[];
  /** Where its programs run: an address there, and what leads a command there. */
  readonly on?: { readonly address: string; readonly enter: readonly string[] };
}

const HERE = { address: "127.0.0.1", enter: [] };
const START_TIMEOUT_MS = 60_000;
/** Python reads it as it starts: the clock of the whole program is off. */
const OTHER_CLOCK = (seconds: number): string => `import time
true_time = time.time
time.time = lambda: true_time() + ${seconds}
`;

const started = new Set<ChildProcess>();
process.once("exit", () => started.forEach((child) => child.kill("SIGKILL")));

export class TestLab {
  readonly folder = mkdtempSync(join(tmpdir(), "avf-lab-"));
  #coordinator: ChildProcess | undefined;
  readonly #exporters: ChildProcess[] = [];

  private constructor(
    readonly port: number,
    private readonly options: TestLabOptions,
  ) {}

  static async start(places: Readonly<Record<string, LabPlace>>, options: TestLabOptions = {}): Promise<TestLab> {
    const lab = new TestLab(await pickPort(), options);
    try {
      lab.#writePlaces(places);
      await lab.startCoordinator();
      await lab.startExporter(options.exporterOptions);
      return lab;
    } catch (error) {
      await lab.stop();
      throw error;
    }
  }

  get coordinator(): string {
    return `${(this.options.on ?? HERE).address}:${this.port}`;
  }

  address(query: string): URL {
    return new URL(`labgrid://${this.coordinator}/?${query}`);
  }

  async startCoordinator(): Promise<void> {
    writeFileSync(join(this.folder, "sitecustomize.py"), OTHER_CLOCK(this.options.clockOffSeconds ?? 0));
    this.#coordinator = this.#spawn("labgrid-coordinator", ["-l", this.coordinator], { PYTHONPATH: this.folder });
    await waitFor("the coordinator", () => this.log("labgrid-coordinator").includes("listening on"));
  }

  /** `exec` leaves it the id of the shell that started it. */
  get coordinatorPid(): number {
    return this.#coordinator?.pid ?? 0;
  }

  /** The coordinator knows the resources of so many places. */
  async untilExported(count: number): Promise<void> {
    await waitFor(
      `${count} resources`,
      async () => (await this.client("resources")).trim().split("\n").length >= count,
    );
  }

  signalCoordinator(name: NodeJS.Signals): void {
    this.#coordinator?.kill(name);
  }

  async killCoordinator(): Promise<void> {
    await end(this.#coordinator);
  }

  async startExporter(options: readonly string[] = []): Promise<void> {
    const exporter = this.#spawn("labgrid-exporter", [
      ...["-c", this.coordinator, "-n", "exporter", "--hostname", "127.0.0.1", ...options],
      join(this.folder, "exporter.yaml"),
    ]);
    this.#exporters.push(exporter);
    await waitFor("the exporter", () => this.log("labgrid-exporter").includes("Exporter ready"));
  }

  async stopExporters(): Promise<void> {
    await Promise.all(this.#exporters.splice(0).map(end));
  }

  /** labgrid's own client, as people use it. */
  async client(...args: readonly string[]): Promise<string> {
    const [file = "", ...rest] = [...(this.options.on ?? HERE).enter, program("labgrid-client")];
    const { stdout } = await promisify(execFile)(file, [...rest, "-x", this.coordinator, ...args]);
    return stdout;
  }

  /** `acquired` of the place, as labgrid's client shows it; `None`: nobody has it. */
  async holderOf(place: string): Promise<string> {
    return /acquired: (.*)/.exec(await this.client("-p", place, "show"))?.[1] ?? "no such place";
  }

  log(name: string): string {
    return readFileSync(join(this.folder, `${name}.log`), "utf8");
  }

  async stop(): Promise<void> {
    await this.stopExporters();
    await end(this.#coordinator);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** YAML has JSON in it. */
  #writePlaces(places: Readonly<Record<string, LabPlace>>): void {
    const known = Object.entries(places).map(([name, { tags = {}, aliases = [] }]) => {
      const matches = [{ exporter: "*", group: name, cls: "*", name: null, rename: null }];
      return [name, { aliases, comment: "", tags, matches, created: 0, changed: 0 }] as const;
    });
    const exported = Object.entries(places).map(([name, { resources = {} }]) => [name, resources] as const);
    writeFileSync(join(this.folder, "places.yaml"), JSON.stringify(Object.fromEntries(known)));
    writeFileSync(join(this.folder, "exporter.yaml"), JSON.stringify(Object.fromEntries(exported)));
  }

  #spawn(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const { enter } = this.options.on ?? HERE;
    const log = join(this.folder, `${name}.log`);
    writeFileSync(log, "");
    const child = spawn("sh", ["-c", 'exec "$@" >"$LOG" 2>&1', "sh", ...enter, program(name), ...args], {
      cwd: this.folder,
      env: { ...process.env, ...env, LOG: log, PYTHONUNBUFFERED: "1" },
      stdio: "ignore",
    });
    started.add(child);
    child.once("exit", () => started.delete(child));
    return child;
  }
}

/** @param check true when it has come */
export async function waitFor(
  what: string,
  check: () => boolean | Promise<boolean>,
  timeoutMs = START_TIMEOUT_MS,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await check())) {
    if (performance.now() > deadlineMs) throw new Error(`no ${what} in ${timeoutMs} ms`);
    await sleep(100);
  }
}

function program(name: string): string {
  const folder = process.env["AVF_LABGRID"];
  if (folder === undefined) throw new Error("AVF_LABGRID names no installation of labgrid: npm run test:lab makes one");
  return join(folder, "bin", name);
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/** Hosts with a network and a name of their own, on this machine: namespaces of Linux, joined by a cable. Needs root. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readlinkSync } from "node:fs";
import { until } from "../../base/testing/until.js";

/** Addresses for documentation (RFC 5737), which are nobody's. */
const ADDRESSES = ["192.0.2.1", "192.0.2.2"] as const;

export class NetworkHost {
  readonly #children = new Set<ChildProcess>();

  private constructor(
    readonly name: string,
    readonly address: string,
    private readonly holder: ChildProcess,
  ) {}

  static available(): boolean {
    if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
    return spawnSync("unshare", ["--net", "--uts", "--", "ip", "link"]).status === 0;
  }

  static async pair(names: readonly [string, string]): Promise<readonly [NetworkHost, NetworkHost]> {
    const make = async (place: 0 | 1): Promise<NetworkHost> => {
      const holder = spawn("unshare", ["--net", "--uts", "--", "sleep", "infinity"], { stdio: "ignore" });
      const host = new NetworkHost(names[place], ADDRESSES[place], holder);
      await until("a namespace", () => namespaceOf(holder.pid ?? 0) !== namespaceOf(process.pid));
      return host;
    };
    const [first, second] = [await make(0), await make(1)];
    first.run(
      "ip",
      "link",
      "add",
      "cable",
      "type",
      "veth",
      "peer",
      "name",
      "cable",
      "netns",
      String(second.holder.pid),
    );
    for (const host of [first, second]) {
      host.run("hostname", host.name);
      host.run("ip", "address", "add", `${host.address}/24`, "dev", "cable");
      for (const device of ["lo", "cable"]) host.run("ip", "link", "set", device, "up");
    }
    return [first, second];
  }

  /** To be put before a command. */
  get enter(): readonly string[] {
    return ["nsenter", "--target", String(this.holder.pid), "--net", "--uts", "--"];
  }

  /** @returns what it printed */
  run(...argv: readonly string[]): string {
    return this.runWith({}, ...argv);
  }

  runWith(env: NodeJS.ProcessEnv, ...argv: readonly string[]): string {
    const [program = "", ...args] = [...this.enter, ...argv];
    const options = { encoding: "utf8", env: { ...process.env, ...env } } as const;
    const { status, stdout, stderr } = spawnSync(program, args, options);
    if (status !== 0) throw new Error(`${argv.join(" ")} on ${this.name}: exit code ${status}\n${stdout}${stderr}`);
    return stdout;
  }

  start(
    argv: readonly string[],
    options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
  ): ChildProcess {
    const [program = "", ...args] = [...this.enter, ...argv];
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    this.#children.add(child);
    return child;
  }

  /** What listens on a port of its loopback is there for the other host as well. */
  async publish(port: number): Promise<void> {
    const script = `
      const { connect, createServer } = require("node:net");
      createServer((near) => {
        const far = connect(${port}, "127.0.0.1");
        near.pipe(far).pipe(near);
        for (const end of [near, far]) end.on("error", () => [near, far].forEach((each) => each.destroy()));
      }).listen(${port}, "${this.address}", () => console.log("listening"));`;
    const { stdout } = this.start([process.execPath, "-e", script]);
    if (stdout !== null) await once(stdout, "data");
  }

  async stop(): Promise<void> {
    for (const child of [...this.#children, this.holder]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    }
  }
}

function namespaceOf(pid: number): string {
  return readlinkSync(`/proc/${pid}/ns/net`);
}

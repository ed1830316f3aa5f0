/** Prism, which checks HTTP against a Swagger, or makes a server up from it: `npm run test:lab` says where it is. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../../base/testing/until.js";
import { pickPort } from "../../../process/pick-port.js";

export class Prism {
  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  /** Checks what goes to and fro: answers by itself what breaks the Swagger, a request with 4xx, an answer with 500. */
  static async proxy(upstream: URL): Promise<Prism> {
    return Prism.#start((swagger) => ["proxy", swagger, upstream.origin, "--errors"]);
  }

  static async mock(): Promise<Prism> {
    return Prism.#start((swagger) => ["mock", swagger]);
  }

  async stop(): Promise<void> {
    const ended = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await ended;
    rmSync(this.folder, { recursive: true });
  }

  static async #start(argv: (swagger: string) => readonly string[]): Promise<Prism> {
    const { AVF_PRISM: program = "", AVF_STF_SWAGGER: swagger = "" } = process.env;
    const folder = mkdtempSync(join(tmpdir(), "avf-prism-"));
    const whole = join(folder, "api.yaml");
    // Prism passes over basePath.
    writeFileSync(whole, readFileSync(swagger, "utf8").replace(/^ {2}\//gm, "  /api/v1/"));
    const port = await pickPort();
    const child = spawn(process.execPath, [program, ...argv(whole), "-h", "127.0.0.1", "-p", String(port)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += String(chunk)));
    const hopeless = (): string | undefined => (child.exitCode === null ? undefined : said);
    await until("Prism", () => said.includes("Prism is listening"), { timeoutMs: 60_000, hopeless });
    return new Prism(port, child, folder);
  }
}

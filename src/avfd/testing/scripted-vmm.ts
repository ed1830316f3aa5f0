/** For unit tests: a monitor that runs no guest; the test plays the guest. */
import { Duplex, PassThrough } from "node:stream";
import type { Vmm, VmmConfig, VmmEnd, VmmProcess } from "../vmm/contract.js";

export interface ScriptedVm {
  readonly config: VmmConfig;
  /** What the console's reader typed. */
  readonly typed: () => string;
  readonly console: (text: string) => void;
  readonly log: (text: string) => void;
  readonly failure: (text: string) => void;
  readonly end: (end: VmmEnd) => void;
}

export class ScriptedVmm implements Vmm {
  readonly name = "scripted";
  readonly started: ScriptedVm[] = [];
  /** Set to make the next start fail. */
  startFailure: Error | undefined;

  /** How often it was to end what it may have prepared. */
  drops = 0;

  async dropPrepared(): Promise<void> {
    this.drops += 1;
  }

  async refusal(): Promise<string | undefined> {
    return undefined;
  }

  async version(): Promise<string> {
    return "1";
  }

  async start(config: VmmConfig): Promise<VmmProcess> {
    if (this.startFailure) throw this.startFailure;
    const ttyS0 = new PassThrough();
    const failure = new PassThrough();
    const log = new PassThrough();
    const messages = new PassThrough();
    const { hvc0, output, typed } = consoleDevice();
    let resolveEnd: (end: VmmEnd) => void = () => undefined;
    const ended = new Promise<VmmEnd>((resolve) => (resolveEnd = resolve));
    const end = (how: VmmEnd): void => {
      for (const stream of [ttyS0, failure, log, messages]) stream.end();
      output(null);
      resolveEnd(how);
    };
    this.started.push({
      config,
      typed,
      console: output,
      log: (text) => void log.write(text),
      failure: (text) => void failure.write(text),
      end,
    });
    return {
      pid: 0x7fff_fff0,
      argv: ["scripted"],
      streams: { ttyS0, failure, hvc0, log, messages },
      ended,
      kill: () => end({ kind: "killed" }),
    };
  }
}

function consoleDevice(): {
  readonly hvc0: Duplex;
  readonly output: (text: string | null) => void;
  readonly typed: () => string;
} {
  let typed = "";
  const hvc0 = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      typed += chunk.toString();
      done();
    },
  });
  return { hvc0, output: (text) => void hvc0.push(text), typed: () => typed };
}

/** As much of a device as suites of this layer's own tests need: forwards, attached commands, files by name, its end. */
import { PassThrough } from "node:stream";
import { InfrastructureError, UsageError } from "../../base/errors.js";
import type { CommandResult, Device, DeviceCallOptions, DeviceProcess, PortForward } from "../../device/index.js";
import type { DeviceInspector } from "../../lab/leaks/index.js";
import type { ImageStore } from "../../provisioning/index.js";
import { untilAborted } from "../calls/test-context.js";

export class MemoryDevice {
  readonly serial = "memory";
  readonly paths = new Set<string>();
  readonly forwards = new Set<string>();
  readonly #gone = new AbortController();
  /** Images are known by their size alone. */
  readonly images: ImageStore = {
    put: async (source) => ({
      path: `/data/local/tmp/avf/images/${typeof source === "string" ? source : source.length}`,
      done: Promise.resolve(),
    }),
  };
  #nextPort = 40_001;

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  asDevice(): Device {
    return new Proxy(this as unknown as Device, {
      get: (target, name): unknown => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value === "function") return (value.bind(target) as unknown) ?? value;
        if (value !== undefined) return value;
        throw new UsageError("NO_DEVICE", `The harness in memory has no device to ${String(name)} on.`);
      },
    });
  }

  inspector(): DeviceInspector {
    return {
      look: async () => ({ vms: [], processes: [], paths: [...this.paths], forwards: [...this.forwards] }),
      remove: async (leak) => {
        if (leak.kind === "path") this.paths.delete(leak.path);
        if (leak.kind === "forward") this.forwards.delete(leak.forward);
        return "removed";
      },
    };
  }

  /** `cat /proc/meminfo`, `hang`, `touch PATH`, `rm PATH`, `leak-forward`, and `vanish`: as if the cable were pulled. */
  async exec([name = "", path = ""]: readonly string[], { signal }: DeviceCallOptions = {}): Promise<CommandResult> {
    let stdout = "";
    if (name === "cat") stdout = "MemTotal:        2097152 kB\n";
    else if (name === "touch") this.paths.add(path);
    else if (name === "rm") this.paths.delete(path);
    else if (name === "hang") await untilAborted(new Promise(() => undefined), signal ?? new AbortController().signal);
    else if (name === "leak-forward") this.forwards.add("tcp:1 → tcp:2");
    else if (name === "vanish") {
      this.#gone.abort(
        new InfrastructureError("DEVICE_GONE", "Device memory went away: adb does not list it any more."),
      );
      this.gone.throwIfAborted();
    } else throw new UsageError("NO_COMMAND", `The device in memory has no ${name}.`);
    return {
      ...{ argv: [], exitCode: 0, stdout, stderr: "", durationMs: 0, signal: undefined },
      ...{ timedOut: false, canceled: false, startFailure: undefined },
    };
  }

  spawn(argv: readonly string[]): DeviceProcess {
    let end!: (value: { exitCode: undefined }) => void;
    const ended = new Promise<{ exitCode: undefined }>((resolve) => (end = resolve));
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    return { argv, stdin, stdout, stderr, ended, stop: async () => end({ exitCode: undefined }) };
  }

  async forward(remote: string): Promise<PortForward> {
    const hostPort = this.#nextPort++;
    const listed = `tcp:${hostPort} → ${remote}`;
    this.forwards.add(listed);
    return { hostPort, remote, close: async () => void this.forwards.delete(listed) };
  }

  async getProperties(): Promise<ReadonlyMap<string, string>> {
    return new Map([["ro.build.type", "userdebug"]]);
  }
}

/**
 * Shells on the device that are kept for short commands: one runs after the other in each, several at once in several. A
 * command saves what an `adb shell` of its own costs, most of its time where a device is emulated or far.
 */
import { randomBytes } from "node:crypto";
import { sleep } from "../../../base/deadline.js";
import { HarnessError, InfrastructureError } from "../../../base/errors.js";
import type { DeviceCallOptions, DeviceProcess, ShortCommandResult } from "../../contract.js";
import { attachCommand } from "./attached-command.js";
import { callDevice } from "./call.js";
import { escapeArg, escapeCommand } from "./escape-arg.js";
import { runOnDevice, type ShellConnection } from "./shell.js";

/** As many as usually work at once; each takes a process here, and one on the device. */
const MAX_IDLE = 4;
/** Of a command that was given up. */
const KILL_TIMEOUT_MS = 5_000;
/** Beyond this a shell is not what we take it for. */
const MAX_OUTPUT_BYTES = 4 << 20;

/**
 * Of a shell and all that runs in it. Who is stopped begins nothing more; a shell that has seen its program stopped may wait
 * for ever, whatever it is sent, so that below the command all are killed. Not every device has `pkill`.
 */
const END = `
kill -STOP "$1"
parents=$1 commands= below=
while [ -n "$parents" ]; do
  children=$(ps -A -o pid,ppid | while read -r pid parent; do
    case " $parents " in (*" $parent "*) echo "$pid" ;; esac
  done)
  [ -z "$children" ] || kill -STOP $children
  if [ "$parents" = "$1" ]; then commands=$children; else below="$below $children"; fi
  parents=$(echo $children)
done
for pid in $below; do kill -KILL "$pid"; done
for pid in $commands; do kill -HUP "$pid"; kill -CONT "$pid"; done
kill -KILL "$1"
`;

export class KeptShells {
  readonly #idle: KeptShell[] = [];
  readonly #busy = new Set<KeptShell>();

  constructor(private readonly connection: ShellConnection) {}

  /** As `Device.execShort` says. */
  async run(argv: readonly string[], options: DeviceCallOptions = {}): Promise<ShortCommandResult> {
    const { serial, gone } = this.connection;
    const command = inSubshell(argv);
    const startMs = performance.now();
    const shell = this.#take();
    let healthy = false;
    try {
      const what = `${argv.join(" ")} on ${serial}`;
      const end = await callDevice(what, gone, options, () => shell.run(command));
      if (shell.saidTooMuch) {
        throw new HarnessError(
          "expectation",
          "TOO_MUCH_OUTPUT",
          `${argv[0] ?? ""} on ${serial} printed more than ${MAX_OUTPUT_BYTES >> 20} MiB in a shell for short commands.`,
        );
      }
      if (end === undefined) {
        await this.connection.assertStillThere();
        throw cutOff(serial, argv, await shell.exitCode());
      }
      healthy = true;
      return { argv, ...end, durationMs: performance.now() - startMs };
    } finally {
      await this.#putBack(shell, healthy);
    }
  }

  /** Ends all of them. */
  async close(): Promise<void> {
    await Promise.all([...this.#idle.splice(0), ...this.#busy].map((shell) => shell.stop()));
  }

  #take(): KeptShell {
    // The one that was used last: others may have been ended meanwhile, as by a restart of adb.
    let shell = this.#idle.pop();
    while (shell?.ended === true) shell = this.#idle.pop();
    shell ??= new KeptShell(attachCommand(this.connection, ["sh"]));
    this.#busy.add(shell);
    return shell;
  }

  /** A cancelled command continues in its shell: both are ended, the command first, because it would outlive the shell. */
  async #putBack(shell: KeptShell, healthy: boolean): Promise<void> {
    this.#busy.delete(shell);
    const { gone } = this.connection;
    if (healthy && !gone.aborted && this.#idle.length < MAX_IDLE) return void this.#idle.push(shell);
    if (!healthy && !gone.aborted) await this.#end(shell).catch(() => undefined);
    await shell.stop();
  }

  /** Stopped first, so that it begins nothing in between. */
  async #end(shell: KeptShell): Promise<void> {
    const timer = new AbortController();
    await Promise.race([shell.begun, sleep(KILL_TIMEOUT_MS, timer.signal).catch(() => undefined)]);
    timer.abort();
    if (shell.ended || shell.pid === undefined) return;
    await runOnDevice(this.connection, ["sh", "-c", END, "sh", shell.pid], { timeoutMs: KILL_TIMEOUT_MS });
  }
}

/** A shell that tells its exit code was ended on the device, by its command or by somebody there; else adb was cut off. */
function cutOff(serial: string, argv: readonly string[], shellExitCode: number | undefined): HarnessError {
  const command = argv.join(" ");
  if (shellExitCode !== undefined && shellExitCode !== 0) {
    const text = `The shell on ${serial} ended (exit code ${shellExitCode}) while ${command} ran in it.`;
    return new HarnessError("expectation", "COMMAND_CUT_OFF", text, { hint: "something on the device killed it" });
  }
  return new InfrastructureError("COMMAND_CUT_OFF", `The connection to ${serial} broke while ${command} ran.`, {
    hint: `how far it came is unknown; if it happens often: adb -s ${serial} reconnect`,
  });
}

type End = Pick<ShortCommandResult, "exitCode" | "output">;

class KeptShell {
  ended = false;
  saidTooMuch = false;
  /** On the device; known once the shell has begun. */
  pid: string | undefined;
  /** Settles then, or with its end. */
  readonly begun: Promise<void>;
  #settleBegun: () => void = () => undefined;
  #received = "";
  #onChange: () => void = () => undefined;

  constructor(private readonly process: DeviceProcess) {
    this.begun = new Promise((resolve) => (this.#settleBegun = resolve));
    process.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#received += text;
      if (this.pid === undefined) this.#readPid();
      this.#onChange();
    });
    process.stdin.write("echo $$\n");
    process.stderr.resume();
    const end = (): void => {
      this.ended = true;
      this.#settleBegun();
      this.#onChange();
    };
    // What explains the end of the process takes a call to adb's server, during which nobody should begin here.
    process.stdout.once("end", end);
    void process.ended.then(end);
  }

  /** The first line of all. */
  #readPid(): void {
    const line = /^(\d+)\r?\n/.exec(this.#received);
    if (line === null) return;
    this.pid = line[1];
    this.#settleBegun();
    this.#received = this.#received.slice(line[0].length);
  }

  /** Undefined: the shell ended first, and how far the command came is unknown. */
  run(command: string): Promise<End | undefined> {
    const mark = randomBytes(12).toString("hex");
    const last = new RegExp(`(?:^|\\n)${mark} (\\d{1,3})\\r?\\n$`);
    if (this.pid !== undefined) this.#received = "";
    return new Promise((resolve) => {
      this.#onChange = () => {
        const end = last.exec(this.#received.slice(-(mark.length + 16)));
        if (end !== null) resolve({ exitCode: Number(end[1]), output: this.#received.slice(0, -end[0].length) });
        else if (this.ended) resolve(undefined);
        else if (this.#received.length > MAX_OUTPUT_BYTES) {
          this.saidTooMuch = true;
          this.process.stop().catch(() => undefined);
        }
      };
      // In one piece, and to one stream: adb's server holds a second small one back until the first was acknowledged.
      // A shell whose `printf` is a program cannot pass it very much; the end counts for more then.
      const tell = `printf '%s\\n%s %s\\n' "$said" ${mark} $code || printf '\\n%s %s\\n' ${mark} $code`;
      this.process.stdin.write(`said=$(${command}); code=$?; ${tell}\n`);
      this.#onChange();
    });
  }

  /** Of the shell itself, once it has ended; undefined when the connection ended first. */
  async exitCode(): Promise<number | undefined> {
    return (await this.process.ended).exitCode;
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}

/**
 * Nothing of a command may touch the shell that is kept: it has a shell of its own, which reads nothing. A script is parsed
 * in there as well, by `eval`, and needs no third shell.
 */
function inSubshell(argv: readonly string[]): string {
  const redirected = "exec </dev/null 2>&1";
  const [program, option, script, , ...args] = argv;
  if (program !== "sh" || option !== "-c" || script === undefined) return `${redirected}; exec ${escapeCommand(argv)}`;
  escapeCommand(argv);
  return `${redirected}; set -- ${args.map(escapeArg).join(" ")}; eval ${escapeArg(script)}`;
}

import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, isHarnessError, test } from "jest-avf";
import { race, type RaceCall } from "./model/race";
import { brokenRules } from "./model/race-rules";

const APK = join(__dirname, "../fixtures/MicrodroidTestApp.apk");
/** Can be made longer, to find rare faults. */
const RACE_MS = 1_000 * Number(process.env["AVF_RACE_SECONDS"] ?? 5);

test(
  "two processes that make, run and delete the same names keep to the rules, and leave nothing",
  async ({ device, app, vmm, signal }) => {
    const other = startOther(device.serial, signal);
    await other.ready;
    const config = app.vmConfig("assets/vm_config.json").build();
    const ours = await race({ process: "a", isHarnessError, manager: vmm, config, durationMs: RACE_MS });
    const calls = [...ours, ...(await other.end())];

    expect(brokenRules(calls)).toEqual([]);
    const succeeded = calls.filter(({ outcome }) => outcome === "ok").map(({ process, call }) => `${process} ${call}`);
    expect(succeeded).toEqual(expect.arrayContaining(["a run", "a stop", "b run", "b stop"]));
    const files = await device.execUnchecked(["find", app.context.dataFolder, "!", "-type", "d"]);
    expect(files.stdout).toBe("");
    expect((await device.exec(["/apex/com.android.virt/bin/vm", "list"])).stdout.trim()).toBe("Running VMs: []");
  },
  2 * RACE_MS + 150_000,
);

interface OtherProcess {
  /** Its device is open, and its race begins. */
  readonly ready: Promise<void>;
  /** Lets it close its device, but not during the race: closing removes the files that it put there. */
  end(): Promise<readonly RaceCall[]>;
}

function startOther(serial: string, signal: AbortSignal): OtherProcess {
  const program = join(__dirname, "model/race-process.ts");
  const argv = ["-r", require.resolve("esbuild-register"), program, serial, APK, String(RACE_MS)];
  // Outside the reach of our tsconfig.json, which maps "jest-avf" to src/: the program uses the built one, as users do.
  const cwd = tmpdir();
  const child = spawn(process.execPath, argv, {
    cwd,
    stdio: "pipe",
    signal,
    killSignal: "SIGKILL",
  });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => (complaints += String(chunk)));
  const lines: string[] = [];
  const failure = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code !== 0 || lines.length < 2) reject(new Error(`the other process ended with ${code}:\n${complaints}`));
    });
  });
  failure.catch(() => undefined);
  const output = createInterface(child.stdout);
  const ready = new Promise<void>((resolve) => output.once("line", () => resolve()));
  output.on("line", (line) => lines.push(line));
  const calls = new Promise<readonly RaceCall[]>((resolve) => {
    child.once("close", (code) => {
      if (code === 0 && lines[1] !== undefined) resolve(JSON.parse(lines[1]) as RaceCall[]);
    });
  });
  const end = (): Promise<readonly RaceCall[]> => {
    child.stdin.end();
    return Promise.race([calls, failure]);
  };
  return { ready: Promise.race([ready, failure]), end };
}

/**
 * A trial boot on KVM. A /dev/kvm that opens may still hang every ordinary kernel, or lack what VMs inside need, so KVM is
 * believed only after a small kernel booted on it and saw a /dev/kvm of its own.
 */
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatMs, sleep, withDeadline } from "../../base/deadline.js";
import { spawnOwned, type OwnedProcess } from "../../process/owned-process.js";
import type { Accelerator } from "../machine/arguments.js";
import { SERIAL_LOG } from "../machine/last-words.js";
import { explainNoNesting } from "./host-kvm.js";

export interface TrialBoot {
  /** `silent`: it had plenty of processor time in which its kernel said nothing. `timed-out`: it had little. */
  readonly end: "said" | "exited" | "silent" | "timed-out";
  readonly serial: string;
  readonly stderr: string;
  /** Processor time that QEMU had. */
  readonly cpuMs: number;
  /** Of it, what went by since the console's last word. */
  readonly silentCpuMs: number;
  readonly waitedMs: number;
}

export interface TrialLimits {
  /**
   * Between two words of a kernel on its way to its init. It is there after a second of processor time in all; where KVM
   * itself is emulated, on a busy machine, the first word was seen to take 14.
   */
  readonly silentCpuMs: number;
  readonly timeoutMs: number;
}

const LIMITS: TrialLimits = { silentCpuMs: 20_000, timeoutMs: 90_000 };
const LOOK_EVERY_MS = 50;
const TICK_MS = 10;
/** A killed QEMU that still stands after this hangs in the kernel: its KVM is judged, and nobody waits for it. */
const END_TIMEOUT_MS = 5_000;
const MAX_STDERR = 16 << 10;
/** What `early-init.sh` writes. */
const INIT = "AVF-PROBE init";
const VERDICT = /AVF-PROBE nested=(yes|no)/;

/** @param command of the machine, given the folder whose `SERIAL_LOG` its serial console goes to */
export async function bootOnce(
  command: (folder: string) => readonly string[],
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly onWait?: (text: string) => void;
    readonly limits?: TrialLimits;
  } = {},
): Promise<TrialBoot> {
  const folder = await mkdtemp(join(tmpdir(), "avf-probe-"));
  const serialLog = join(folder, SERIAL_LOG);
  const qemu = spawnOwned(command(folder), { stdio: ["ignore", "ignore", "pipe"] });
  try {
    return await watch(qemu, serialLog, options);
  } finally {
    qemu.child.kill("SIGKILL");
    await withDeadline("QEMU to end", { timeoutMs: END_TIMEOUT_MS }, () => qemu.ended).catch(() => letGoOf(qemu));
    await rm(folder, { recursive: true, force: true });
  }
}

/** So that this process can end. */
function letGoOf({ child }: OwnedProcess): void {
  child.stderr?.destroy();
  child.unref();
}

async function watch(
  qemu: OwnedProcess,
  serialLog: string,
  { signal, onWait, limits = LIMITS }: NonNullable<Parameters<typeof bootOnce>[1]>,
): Promise<TrialBoot> {
  let stderr = "";
  let exited: string | undefined;
  qemu.child.stderr?.on("data", (chunk: Buffer) => (stderr = (stderr + String(chunk)).slice(-MAX_STDERR)));
  void qemu.ended.then(({ startFailure }) => (exited = startFailure?.message ?? ""));
  const beganMs = performance.now();
  let heard = { length: 0, cpuMs: 0 };
  for (;;) {
    // The order matters: whoever has ended has written all that it had to say.
    const end = exited;
    const serial = await readFile(serialLog, "latin1").catch(() => "");
    const [waitedMs, cpuMs] = [performance.now() - beganMs, cpuTimeMs(qemu.pid)];
    if (serial.length > heard.length) heard = { length: serial.length, cpuMs };
    const silentCpuMs = Math.max(0, cpuMs - heard.cpuMs);
    const about = { serial, stderr: stderr + (end ?? ""), cpuMs, silentCpuMs, waitedMs };
    if (VERDICT.test(serial)) return { end: "said", ...about };
    if (end !== undefined) return { end: "exited", ...about };
    if (!serial.includes(INIT) && silentCpuMs >= limits.silentCpuMs) return { end: "silent", ...about };
    if (waitedMs >= limits.timeoutMs) return { end: "timed-out", ...about };
    if (waitedMs >= 2_000) onWait?.(`${formatMs(waitedMs)}; where KVM works it takes a second`);
    await sleep(LOOK_EVERY_MS, signal);
  }
}

export interface Verdict {
  readonly accelerator: Accelerator;
  readonly reason: string;
  /** How long it can be believed. */
  readonly holds: "always" | "some time" | "briefly";
}

/** What a trial boot says about KVM. */
export function judge({ end, serial, stderr, cpuMs, silentCpuMs, waitedMs }: TrialBoot): Verdict {
  const tcg = (reason: string, holds: Verdict["holds"] = "some time"): Verdict => ({
    ...{ accelerator: "tcg", reason, holds },
  });
  const said = VERDICT.exec(serial)?.[1];
  if (said === "yes") return { accelerator: "kvm", reason: "a trial kernel booted on KVM", holds: "always" };
  if (said === "no") return tcg(explainNoNesting());
  switch (end) {
    case "silent": {
      const had = `${formatMs(silentCpuMs)} of processor time`;
      return tcg(`/dev/kvm opens, but a kernel said nothing on it in ${had}: this KVM hangs ordinary kernels`);
    }
    case "timed-out": {
      const had = `it had ${formatMs(cpuMs)} of processor time in ${formatMs(waitedMs)}`;
      return tcg(`the trial kernel did not come up on KVM in time (${had}); the next run tries again`, "briefly");
    }
    default:
      return tcg(
        `the trial kernel did not boot on KVM: ${lastWords(stderr)}`,
        isBusy(stderr) ? "briefly" : "some time",
      );
  }
}

/** /dev/kvm was not available at that moment. */
function isBusy(stderr: string): boolean {
  return /Could not access KVM kernel module|failed to initialize kvm/i.test(stderr);
}

function lastWords(stderr: string): string {
  return stderr.trim().split("\n").at(-1) || "no word from QEMU";
}

/** Of a process and its virtual CPUs; 0 when it is gone. */
function cpuTimeMs(pid: number | undefined): number {
  try {
    const stat = readFileSync(`/proc/${pid ?? 0}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return 0;
  }
}

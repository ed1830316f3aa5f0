/**
 * Which accelerator runs the emulated device. A /dev/kvm that opens may still hang every ordinary kernel, or lack what
 * VMs inside need, so KVM is believed only after a small kernel booted on it and saw a /dev/kvm of its own.
 */
import { readFileSync, statSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { writeFileAtomic } from "../../base/atomic-file.js";
import { UsageError } from "../../base/errors.js";
import type { Progress } from "../../base/progress.js";
import { runUnchecked } from "../../process/run.js";
import { emulatorCommand } from "../qemu/emulator.js";
import { buildProbeArguments, type Accelerator } from "./arguments.js";
import { explainNoNesting, refuseKvm } from "./kvm-refusal.js";

export interface AcceleratorAnswer {
  readonly accelerator: Accelerator;
  /** Why, in words for `avf doctor`. */
  readonly reason: string;
}

/** A kernel boots in about a second on KVM; one that has not by then never will. */
const PROBE_TIMEOUT_MS = 12_000;
const MEMORY = "accelerator.json";

/** The remembered or forced answer; undefined when a probe is still to be made. */
export async function knownAccelerator(cache: string): Promise<AcceleratorAnswer | undefined> {
  const wanted = process.env["AVF_ACCEL"] ?? "auto";
  if (wanted === "tcg" || wanted === "kvm") return { accelerator: wanted, reason: `AVF_ACCEL=${wanted}` };
  if (wanted !== "auto") {
    throw new UsageError("BAD_ACCELERATOR", `AVF_ACCEL is "${wanted}"; it may be tcg, kvm or auto.`);
  }
  const refusal = refuseKvm();
  if (refusal !== undefined) return { accelerator: "tcg", reason: refusal };
  try {
    const saved = JSON.parse(await readFile(join(cache, MEMORY), "utf8")) as AcceleratorAnswer & { host: string };
    return saved.host === hostIdentity() ? saved : undefined;
  } catch {
    return undefined;
  }
}

/** Boots the kernel of an image on KVM, and remembers for this host what came of it. */
export async function probeAccelerator(
  cache: string,
  imageFolder: string,
  progress: Progress,
  signal?: AbortSignal,
): Promise<AcceleratorAnswer> {
  progress.step("Trying whether this host's KVM can run the device");
  const folder = await mkdtemp(join(tmpdir(), "avf-probe-"));
  try {
    const serialLog = join(folder, "serial.log");
    const argv = buildProbeArguments(emulatorCommand(cache), "kvm", imageFolder, serialLog);
    const result = await runUnchecked(argv, { timeoutMs: PROBE_TIMEOUT_MS, signal, diesWithUs: true });
    signal?.throwIfAborted();
    const answer = judge(result.timedOut, result.stderr, readOr(serialLog));
    await writeFileAtomic(join(cache, MEMORY), JSON.stringify({ ...answer, host: hostIdentity() }));
    return answer;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Drops the remembered answer. */
export async function forgetAccelerator(cache: string): Promise<void> {
  await rm(join(cache, MEMORY), { force: true });
}

/** What a trial boot says about KVM. */
export function judge(timedOut: boolean, stderr: string, serial: string): AcceleratorAnswer {
  const tcg = (reason: string): AcceleratorAnswer => ({ accelerator: "tcg", reason });
  if (timedOut) {
    const waited = `${PROBE_TIMEOUT_MS / 1000} s`;
    return tcg(`/dev/kvm opens, but a kernel did not boot on it within ${waited}: this KVM hangs ordinary kernels`);
  }
  if (serial.includes("AVF-PROBE nested=yes")) return { accelerator: "kvm", reason: "a trial kernel booted on KVM" };
  if (serial.includes("AVF-PROBE nested=no")) return tcg(explainNoNesting());
  return tcg(`the trial kernel did not boot on KVM: ${stderr.trim().split("\n").at(-1) ?? "no word from QEMU"}`);
}

/** Another kernel, another boot or another QEMU may answer differently. */
function hostIdentity(): string {
  const boot = readOr("/proc/sys/kernel/random/boot_id").trim();
  return [release(), boot, statSync("/dev/kvm").rdev].join(" ");
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** crosvm, Android's own virtual machine monitor. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { Vmm, VmmEnd } from "../contract.js";
import { MONITOR_FDS, startMonitor } from "../monitor-process.js";
import { rustExitStatus } from "../exit-status.js";
import { findMissing, type NeededFiles } from "../needed-files.js";
import { buildCrosvmArgs } from "./crosvm-args.js";
import { makeWholeDisks } from "./whole-disks.js";
import { readOptions, type CrosvmOptions } from "./crosvm-options.js";

interface CrosvmFiles extends NeededFiles {
  /** Holds the SHA-256 of the program in hexadecimal: its own version number has been the same for years. */
  readonly digestFile: string;
}

/** What was found out by running it; it runs once, for under nesting each run takes its time. */
type Inspected =
  | { readonly works: true; readonly version: string; readonly options: CrosvmOptions }
  | { readonly works: false; readonly reason: string };

const INSPECT_TIMEOUT_MS = 60_000;
const DIGEST_DIGITS = 12;

export function crosvmVmm(files: CrosvmFiles): Vmm<"crosvm"> {
  const { program } = files;
  let inspected: Promise<Inspected> | undefined;
  const inspectOnce = (): Promise<Inspected> => (inspected ??= inspect(files));
  return {
    name: "crosvm",
    refusal: async () => {
      const missing = await findMissing(files);
      if (missing !== undefined) return missing;
      const found = await inspectOnce();
      return found.works ? undefined : found.reason;
    },
    version: async () => {
      const found = await inspectOnce();
      if (!found.works) throw new Error(found.reason);
      return found.version;
    },
    start: async (config) => {
      const found = await inspectOnce();
      if (!found.works) throw new Error(found.reason);
      const args = buildCrosvmArgs(config, found.options);
      const { launcher } = files;
      const { disks, parts, close } = await makeWholeDisks(config.disks, {
        folder: config.folder,
        composite: found.options.compositeDisks,
        firstFd: MONITOR_FDS.firstDisk,
      });
      const command = { program, launcher, args, disks, more: parts, describeEnd: describeCrosvmEnd };
      try {
        // Disks that are copied take their time, in which a snapshot may have begun.
        await config.mayRun?.();
        return await startMonitor(command);
      } finally {
        // The process has descriptors of its own once it runs.
        await close();
      }
    },
  };
}

/** Exit codes with `--extended-status` (AOSP virtualizationmanager/src/crosvm.rs). */
export function describeCrosvmEnd(exitCode: number | null, signal: string | null): VmmEnd {
  const status = rustExitStatus(exitCode, signal);
  if (signal !== null) return { kind: "killed", status };
  switch (exitCode) {
    case 0:
      return { kind: "shutdown" };
    case 1:
      return { kind: "start-failed" };
    case 32:
      return { kind: "reboot" };
    case 33:
      return { kind: "crash" };
    // The guest's kernel panicked and said so: on QEMU that is a crash as well. Android's service knows no 34.
    case 34:
      return { kind: "crash", status };
    case 36:
      return { kind: "watchdog-reboot" };
    default:
      return { kind: "unknown", status };
  }
}

async function inspect({ program, digestFile }: CrosvmFiles): Promise<Inspected> {
  const run = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(program, args, { timeout: INSPECT_TIMEOUT_MS });
    return stdout;
  };
  try {
    const general = await run("--help");
    const [version, ofRun, digest] = await Promise.all([
      run("version").catch(() => ""),
      run("run", "--help"),
      readFile(digestFile, "utf8").catch(() => ""),
    ]);
    const number = /crosvm (\S+)/.exec(version)?.[1] ?? "of an unknown version";
    return {
      works: true,
      version: digest === "" ? number : `${number} (sha256 ${digest.slice(0, DIGEST_DIGITS)})`,
      options: readOptions(general, ofRun),
    };
  } catch (error) {
    return { works: false, reason: `${program} does not start: ${lastWords(error)}` };
  }
}

/** What the program or its loader said, else how the attempt failed. */
function lastWords(error: unknown): string {
  const { stderr, message } = error as { readonly stderr?: string; readonly message: string };
  const said = (stderr ?? "").trim();
  return said === "" ? message : said.split("\n").slice(-5).join("; ");
}

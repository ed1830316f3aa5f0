/** Looks at everything a run needs, without changing anything. */
import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { describeError, isHarnessError } from "../base/errors.js";
import { cacheFolder } from "../base/paths.js";
import { run } from "../process/run.js";
import { listRunning } from "./devices/records.js";
import { inspectHostTools, installCommand, requireSupportedSystem } from "./host/tools.js";
import { acceleratorFinding, snapshotFinding } from "./accelerator/findings.js";
import { IMAGE_PACKAGES } from "./packages/sets.js";
import { readPackagesManifest } from "./packages/unpack.js";
import { emulatorVersion } from "./qemu/emulator.js";
import { crosvmPath } from "./image/crosvm-path.js";
import type { Accelerator } from "./machine/arguments.js";
import { findReady, locate, type ReadyDevice } from "./setup.js";

export interface Finding {
  readonly name: string;
  /** `missing`: a run mends it by itself. `failed`: a run would fail. */
  readonly state: "ok" | "missing" | "failed" | "note";
  readonly detail: string;
  /** The command that mends it. */
  readonly fix?: string;
}

export async function diagnose(): Promise<readonly Finding[]> {
  const cache = cacheFolder();
  const tools = inspectHostTools();
  return [
    attempt("system", () => {
      requireSupportedSystem();
      return `${process.platform} ${process.arch}, Node ${process.versions.node}`;
    }),
    ...toolFindings(tools),
    await adbFinding(tools.missing.some((tool) => tool.name === "adb")),
    attempt("crosvm", () => crosvmPath() ?? "none given (AVF_CROSVM); VMs run on QEMU with KVM", "note"),
    await spaceFinding(cache, await isReady(cache)),
    ...(await imageFindings(cache)),
    await runningFinding(cache),
  ];
}

function toolFindings({ found, missing }: ReturnType<typeof inspectHostTools>): readonly Finding[] {
  const mayInstall = process.getuid?.() === 0;
  return [
    ...found.map(({ name, path }): Finding => ({ name, state: "ok", detail: path })),
    ...missing.map(({ name, packageName, purpose }): Finding => ({
      name,
      state: mayInstall ? "missing" : "failed",
      detail: `not found; package ${packageName}, ${purpose}`,
      fix: installCommand(missing),
    })),
  ];
}

async function adbFinding(absent: boolean): Promise<Finding> {
  if (absent) return { name: "adb version", state: "missing", detail: "no adb" };
  try {
    const { stdout } = await run(["adb", "version"], { timeoutMs: 10_000 });
    return { name: "adb version", state: "ok", detail: /^Version (.*)$/m.exec(stdout)?.[1] ?? stdout.trim() };
  } catch (error) {
    return { name: "adb version", state: "failed", detail: describeError(error), fix: "adb kill-server" };
  }
}

/** Whether nothing is left to be made. */
async function isReady(cache: string): Promise<boolean> {
  try {
    return (await findReady(cache)) !== undefined;
  } catch {
    return false;
  }
}

async function spaceFinding(cache: string, ready: boolean): Promise<Finding> {
  let folder = cache;
  while (!existsSync(folder)) folder = folder.slice(0, folder.lastIndexOf("/")) || "/";
  const { bavail, bsize } = await statfs(folder);
  const gib = (bavail * bsize) / 2 ** 30;
  const detail = `${gib.toFixed(1)} GiB free for ${cache}`;
  if (gib >= 3) return { name: "disk space", state: "ok", detail };
  // What is made already needs no more of it.
  if (ready) return { name: "disk space", state: "note", detail };
  return { name: "disk space", state: "failed", detail, fix: "make room, or name another folder with AVF_CACHE_DIR" };
}

async function imageFindings(cache: string): Promise<readonly Finding[]> {
  const fix = "npx avf setup";
  try {
    const { answer, finding } = await acceleratorFinding(cache);
    const emulator = await emulatorVersion(cache);
    const located = (accelerator: Accelerator): ReadyDevice => locate(cache, accelerator, emulator ?? "");
    const { imageFolder, imageKey } = located("tcg");
    const packages = await readPackagesManifest(cache, IMAGE_PACKAGES);
    const there = (path: string): boolean => existsSync(path);
    const state = (ok: boolean): Finding["state"] => (ok ? "ok" : "missing");
    return [
      {
        name: "packages",
        state: state(packages !== undefined),
        detail: packages ? `${packages.packages.length} unpacked` : "not downloaded yet",
        ...(packages ? {} : { fix }),
      },
      {
        name: "emulator",
        state: state(emulator !== undefined),
        detail: emulator === undefined ? "not downloaded yet" : `QEMU ${emulator}, beside the system's`,
        ...(emulator === undefined ? { fix } : {}),
      },
      {
        name: "device image",
        state: state(there(imageFolder)),
        detail: there(imageFolder) ? imageKey : "not built yet for the present sources",
        ...(there(imageFolder) ? {} : { fix }),
      },
      finding,
      snapshotFinding(answer, (accelerator) => located(accelerator).snapshotFolder),
    ];
  } catch (error) {
    return [{ name: "device image", state: "failed", detail: describeError(error), fix }];
  }
}

async function runningFinding(cache: string): Promise<Finding> {
  const running = await listRunning(cache);
  const detail = running.length === 0 ? "none" : running.map(({ name, serial }) => `${name} (${serial})`).join(", ");
  return { name: "running devices", state: "note", detail };
}

function attempt(name: string, look: () => string, state: "ok" | "note" = "ok"): Finding {
  try {
    return { name, state, detail: look() };
  } catch (error) {
    if (!isHarnessError(error)) throw error;
    return {
      name,
      state: "failed",
      detail: error.shortMessage,
      ...(error.hint === undefined ? {} : { fix: error.hint }),
    };
  }
}

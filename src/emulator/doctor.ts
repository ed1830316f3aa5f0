/** Looks at everything a run needs, without changing anything. */
import { existsSync } from "node:fs";
import { requireCache } from "../base/cache/cache.js";
import { describeError, isHarnessError, type HarnessError } from "../base/errors.js";
import { requireTemporaryFolder } from "../base/files/temporary-folder.js";
import { describeForeignServer, inspectAdbServer, requireServerHere } from "../device/index.js";
import { listRunning } from "./devices/records.js";
import { requireSupportedSystem } from "./host/system.js";
import { inspectHostTools, installCommand, requirePath, type ToolUse } from "./host/tools.js";
import { acceleratorFinding, snapshotFinding } from "./accelerator/findings.js";
import { requireEmulator } from "./needs/emulator-runs.js";
import { requireExecutable } from "./needs/executable.js";
import { gib, requireSpace, requireTemporarySpace } from "./needs/space.js";
import { machineSources } from "./packages/apt-sources.js";
import { DEVICE_PACKAGES } from "./packages/sets.js";
import { inspectTree } from "./packages/tree-digest.js";
import { adbProgram } from "../process/programs/adb-program.js";
import { findProgram } from "../process/programs/find-program.js";
import { requireWhole } from "./source/device-package.js";
import { emulatorVersion, findSource, type DeviceSource } from "./source/source.js";
import { crosvmPath } from "./image/crosvm-path.js";
import { IMAGE_FILES } from "./image/files.js";
import type { Accelerator } from "./machine/arguments.js";
import { readSettings } from "./settings.js";
import { findReady, locate, type ReadyDevice } from "./setup.js";

export interface Finding {
  readonly name: string;
  /** `missing`: a run fixes it by itself. `failed`: a run would fail. */
  readonly state: "ok" | "missing" | "failed" | "note";
  readonly detail: string;
  /** The command that fixes it. */
  readonly fix?: string;
}

/**
 * @param results looks at the folder for records of runs, which is no matter of the emulator
 * @param emulates runs have an emulated device: none was named
 */
export async function diagnose(results: () => string, emulates: boolean): Promise<readonly Finding[]> {
  const cache = await attempt("cache", () => requireCache());
  let source: DeviceSource | undefined;
  const sourceFinding = await attempt("device source", async () => {
    source = await findSource(cache.detail);
    if (source.kind === "device package") await requireWhole(source.devicePackage);
    return describeSource(source);
  });
  const use = source?.kind ?? "device package";
  return [
    await attempt("system", () => {
      requireSupportedSystem(use);
      return `${process.platform} ${process.arch}, Node ${process.versions.node}`;
    }),
    await attempt("settings", describeSettings),
    cache,
    await attempt("results", results),
    await temporaryFinding(cache.detail, source),
    sourceFinding,
    ...toolFindings(use),
    adbFinding(),
    await adbServerFinding(emulates),
    await attempt("crosvm", () => crosvmPath() ?? "none given (AVF_CROSVM); VMs run on QEMU with KVM", "note"),
    // What is in a cache that must not be believed is nobody's business.
    ...(cache.state === "ok" ? await cacheFindings(cache.detail, source) : []),
  ];
}

/** Of the environment, but for those that have a line of their own. */
function describeSettings(): string {
  const { release, monitor, accelerator } = readSettings();
  return `Android ${release}, VMs on ${monitor ?? "the default monitor"}, accelerator ${accelerator}`;
}

function describeSource(source: DeviceSource): string {
  if (source.kind === "debian") {
    const why = source.crosvm === undefined ? "jest-avf-device is not installed" : "AVF_CROSVM becomes part of it";
    return `made here of Debian's packages; ${why}`;
  }
  return `jest-avf-device ${source.devicePackage.version} in ${source.devicePackage.folder}`;
}

/** Where adb is; undefined: it comes with the device. */
function adbPath(): string | undefined {
  const program = adbProgram();
  return program === "adb" ? findProgram(program) : program;
}

function adbFinding(): Finding {
  const path = adbPath();
  if (path !== undefined) return { name: "adb", state: "ok", detail: path };
  return { name: "adb", state: "missing", detail: "none in PATH; one comes with the device", fix: "npx avf setup" };
}

/** Exported for tests. */
export async function adbServerFinding(emulates: boolean): Promise<Finding> {
  const name = "adb server";
  if (adbPath() === undefined) return { name, state: "missing", detail: "not asked without adb", fix: "npx avf setup" };
  const finding = await attempt(name, async () => {
    const { where, version } = await inspectAdbServer();
    return version === undefined ? `none at ${where} yet; a run starts it` : `${where}, version ${version}`;
  });
  const elsewhere = emulates ? problemOf(() => requireServerHere("The emulated device")) : undefined;
  if (finding.state === "ok" && elsewhere !== undefined)
    return {
      name,
      state: "note",
      detail: `${finding.detail}; without a named device a run fails: ${elsewhere.shortMessage}`,
    };
  const foreign = finding.state === "ok" ? describeForeignServer() : undefined;
  // It may have the same key nevertheless, as by ADB_VENDOR_KEYS.
  if (foreign === undefined) return finding;
  return { name, state: "note", detail: `${finding.detail}; an emulated device may refuse it: ${foreign}` };
}

function toolFindings(use: ToolUse): readonly Finding[] {
  const { found, missing } = inspectHostTools(use);
  const beside = problemOf(() => requirePath(use));
  const mayInstall = process.getuid?.() === 0 && !missing.some(({ name }) => name === "apt-get");
  return [
    ...found.map(({ name, path }): Finding => ({ name, state: "ok", detail: path })),
    ...missing.map(({ name, packageName, purpose }): Finding => ({
      name,
      state: beside === undefined && mayInstall ? "missing" : "failed",
      detail: `not found in PATH; package ${packageName}, ${purpose}`,
      fix: beside?.hint ?? installCommand(missing),
    })),
  ];
}

function problemOf(work: () => void): HarnessError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (isHarnessError(error)) return error;
    throw error;
  }
}

async function cacheFindings(cache: string, source: DeviceSource | undefined): Promise<readonly Finding[]> {
  const images = source === undefined ? [] : await imageFindings(cache, source);
  return [await spaceFinding(cache, source), ...images, await runningFinding(cache)];
}

/** Exported for tests. */
export async function spaceFinding(cache: string, source: DeviceSource | undefined): Promise<Finding> {
  const look = (what?: "snapshot"): Promise<Finding> =>
    attempt("disk space", async () => `${gib(await requireSpace(cache, what))} free for ${cache}`);
  const finding = await look();
  if (finding.state !== "failed") return finding;
  const missing = await toBeMade(cache, source);
  // What is made already needs no more of it.
  return missing === "nothing" ? { ...finding, state: "note" } : missing === "snapshot" ? look("snapshot") : finding;
}

async function toBeMade(cache: string, source: DeviceSource | undefined): Promise<"image" | "snapshot" | "nothing"> {
  try {
    if ((await findReady(cache, undefined, source)) !== undefined) return "nothing";
    return isImageThere(cache, source) ? "snapshot" : "image";
  } catch {
    return "image";
  }
}

function isImageThere(cache: string, source: DeviceSource | undefined): boolean {
  const located = source && locate(cache, "tcg", source);
  return located !== undefined && existsSync(located.imageFolder);
}

/** Exported for tests. */
export async function temporaryFinding(cache: string, source: DeviceSource | undefined): Promise<Finding> {
  return attempt("temporary files", async () => {
    const folder = requireTemporaryFolder();
    if (source?.kind === "debian" && !isImageThere(cache, source)) await requireTemporarySpace(folder);
    return folder;
  });
}

async function imageFindings(cache: string, source: DeviceSource): Promise<readonly Finding[]> {
  const fix = "npx avf setup";
  try {
    const { answer, finding } = await acceleratorFinding(cache);
    const located = (accelerator: Accelerator): ReadyDevice | undefined => locate(cache, accelerator, source);
    const ready = located("tcg");
    const image = ready !== undefined && existsSync(ready.imageFolder) ? ready : undefined;
    const { packages } = source;
    return [
      packages
        ? { name: "packages", state: "ok", detail: `${packages.length} of Debian's in the device` }
        : { name: "packages", state: "missing", detail: "not downloaded yet", fix },
      ...(packages ? [] : [await sourcesFinding()]),
      packages && image
        ? await attempt("emulator", async () => {
            requireExecutable(cache);
            await inspectTree(image.imageFolder, IMAGE_FILES.emulator);
            await requireEmulator(image.imageFolder);
            return `QEMU ${emulatorVersion(packages)}, beside the system's`;
          })
        : notMadeYet(await attempt("emulator", () => (requireExecutable(cache), "comes with the device image")), fix),
      image
        ? { name: "device image", state: "ok", detail: image.imageKey }
        : { name: "device image", state: "missing", detail: "not there yet for the present sources", fix },
      finding,
      snapshotFinding(answer, (accelerator) => located(accelerator)?.snapshotFolder),
    ];
  } catch (error) {
    return [{ name: "device image", state: "failed", detail: describeError(error), fix }];
  }
}

/** Unless making it would fail. */
function notMadeYet(finding: Finding, fix: string): Finding {
  return finding.state === "ok" ? { ...finding, state: "missing", fix } : finding;
}

/** Where what is missing comes from. */
async function sourcesFinding(): Promise<Finding> {
  return attempt("package sources", async () => {
    const sources = await machineSources(DEVICE_PACKAGES.release);
    return `${DEVICE_PACKAGES.release} of ${/^URIs: (.*)$/m.exec(sources)?.[1] ?? "apt's source"}`;
  });
}

async function runningFinding(cache: string): Promise<Finding> {
  const running = await listRunning(cache);
  const detail = running.length === 0 ? "none" : running.map(({ name, serial }) => `${name} (${serial})`).join(", ");
  return { name: "running devices", state: "note", detail };
}

/** What a run would report. */
export async function attempt(
  name: string,
  look: () => string | Promise<string>,
  state: "ok" | "note" = "ok",
): Promise<Finding> {
  try {
    return { name, state, detail: await look() };
  } catch (error) {
    if (!isHarnessError(error)) throw error;
    const { shortMessage: detail, hint } = error;
    return { name, state: "failed", detail, ...(hint === undefined ? {} : { fix: hint }) };
  }
}

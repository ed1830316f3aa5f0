/** The programs that the emulated device needs on the host, and how they get there. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { InfrastructureError, UsageError } from "../../base/errors.js";
import type { Progress } from "../../base/progress.js";
import { findProgram, findProgramIn } from "../../process/programs/find-program.js";
import { hostHelper } from "../../process/host-helper.js";
import { run } from "../../process/run.js";

interface HostTool {
  readonly program: string;
  /** Debian package that holds it. */
  readonly packageName: string;
  readonly purpose: string;
}

/** All that a device needs that is there: what else it runs comes with it. The device package has this, too. */
const RUNNING: readonly HostTool[] = [
  { program: "flock", packageName: "util-linux", purpose: "keeps two runs from making the same thing at once" },
];
/** All that making one needs of Debian: the rest comes with its packages. */
const MAKING: readonly HostTool[] = [
  { program: "dpkg-deb", packageName: "dpkg", purpose: "unpacks what the device is made of" },
  { program: "apt-get", packageName: "apt", purpose: "downloads what the device is made of" },
];
/** For the unit tests of this repository, which run C code of the guest on the host, and an adb of their own. */
const TESTING: readonly HostTool[] = [
  { program: "adb", packageName: "adb", purpose: "the only way to a device" },
  { program: "gcc", packageName: "gcc", purpose: "compiles what unit tests run on the host" },
  { program: "readelf", packageName: "binutils", purpose: "shows unit tests what was compiled" },
  { program: "mke2fs", packageName: "e2fsprogs", purpose: "makes file systems for unit tests" },
  { program: "ps", packageName: "procps", purpose: "shows processes where the host stands for a device" },
  { program: "xz", packageName: "xz-utils", purpose: "packs modules for unit tests" },
  { program: "zstd", packageName: "zstd", purpose: "packs kernels for unit tests" },
];
/** The C library's headers: a file rather than a program. */
const LIBC = { file: "/usr/lib/x86_64-linux-gnu/libc.a", packageName: "libc6-dev" };

/** What tools are wanted for: a device out of the device package, one that is made here, this repository's tests. */
export type ToolUse = "device package" | "debian" | "testing";
const TOOLS: Readonly<Record<ToolUse, readonly HostTool[]>> = {
  "device package": RUNNING,
  debian: [...RUNNING, ...MAKING],
  testing: [...RUNNING, ...MAKING, ...TESTING],
};

function toolsFor(use: ToolUse): readonly HostTool[] {
  return use === "device package" && hostHelper() !== undefined ? [] : TOOLS[use];
}

interface HostToolReport {
  readonly found: readonly { readonly name: string; readonly path: string; readonly purpose: string }[];
  readonly missing: readonly { readonly name: string; readonly packageName: string; readonly purpose: string }[];
}

/** Folders with tools that are installed, and are not found because PATH does not have them. */
function foldersBesidePath(use: ToolUse): readonly string[] {
  const missing = toolsFor(use).filter(({ program }) => findProgram(program) === undefined);
  const found = missing.map(({ program }) => findProgramIn(["/usr/bin", "/bin"], program));
  return [...new Set(found.flatMap((path) => (path === undefined ? [] : [dirname(path)])))];
}

/** @throws UsageError when tools are installed, and PATH does not lead to them */
export function requirePath(use: ToolUse): void {
  const folders = foldersBesidePath(use);
  if (folders.length === 0) return;
  const names = toolsFor(use)
    .filter(({ program }) => findProgram(program) === undefined)
    .map(({ program }) => program);
  throw new UsageError(
    "PATH_INCOMPLETE",
    `PATH does not lead to ${names.join(", ")}: it is ${JSON.stringify(process.env["PATH"] ?? "")}.`,
    { hint: `export PATH="$PATH:${folders.join(":")}"` },
  );
}

export function inspectHostTools(use: ToolUse): HostToolReport {
  const found: { name: string; path: string; purpose: string }[] = [];
  const missing: { name: string; packageName: string; purpose: string }[] = [];
  for (const { program, packageName, purpose } of toolsFor(use)) {
    const path = findProgram(program);
    if (path === undefined) missing.push({ name: program, packageName, purpose });
    else found.push({ name: program, path, purpose });
  }
  if (use === "testing") {
    const libc = { name: "libc.a", purpose: "C library of the programs that unit tests compile" };
    if (existsSync(LIBC.file)) found.push({ ...libc, path: LIBC.file });
    else missing.push({ ...libc, packageName: LIBC.packageName });
  }
  return { found, missing };
}

/** The one command that installs what is missing. */
export function installCommand(missing: HostToolReport["missing"]): string {
  const packages = [...new Set(missing.map((tool) => tool.packageName))].sort();
  return `sudo apt-get update && sudo apt-get install --no-install-recommends -y ${packages.join(" ")}`;
}

/** Installs missing tools when this user may (root, or sudo without a password); otherwise says which command to run. */
export async function ensureHostTools(use: ToolUse, progress: Progress, signal?: AbortSignal): Promise<void> {
  const { missing } = inspectHostTools(use);
  if (missing.length === 0) return;
  const prefix = await privilege();
  const names = missing.map((tool) => tool.name).join(", ");
  if (prefix === undefined) {
    throw new UsageError(
      "HOST_TOOLS_MISSING",
      `These host tools are missing and may not be installed by this user: ${names}.`,
      {
        hint: `run this once, then try again:\n  ${installCommand(missing)}`,
      },
    );
  }
  progress.step(`Installing host tools: ${names}`);
  const packages = [...new Set(missing.map((tool) => tool.packageName))].sort();
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const options = { timeoutMs: 900_000, env, signal, onOutput: (text: string) => progress.detail(lastLine(text)) };
  try {
    // Somebody else's apt-get may be at work: wait for its lock instead of failing.
    const apt = [...prefix, "apt-get", "-o", "DPkg::Lock::Timeout=300"];
    await run([...apt, "update", "-q"], options);
    await run([...apt, "install", "--no-install-recommends", "-y", "-q", ...packages], options);
  } catch (error) {
    throw new InfrastructureError("HOST_TOOLS_INSTALL_FAILED", `apt-get could not install ${packages.join(", ")}.`, {
      cause: error,
      hint: `see what it says, fix it, then try again:\n  ${installCommand(missing)}`,
      lastLines: error instanceof Error ? error.message.split("\n").slice(-8) : [],
    });
  }
  const left = inspectHostTools(use).missing;
  if (left.length > 0) {
    throw new InfrastructureError(
      "HOST_TOOLS_MISSING",
      `Still missing after apt-get: ${left.map((t) => t.name).join(", ")}.`,
    );
  }
}

/** The words before `apt-get`; undefined when this user may not install. */
async function privilege(): Promise<readonly string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  if (findProgram("sudo") === undefined) return undefined;
  try {
    await run(["sudo", "-n", "true"], { timeoutMs: 5_000 });
    return ["sudo", "-n"];
  } catch {
    return undefined;
  }
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}

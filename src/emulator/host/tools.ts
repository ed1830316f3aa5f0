/** The programs that the emulated device needs on the host, and how they get there. */
import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { InfrastructureError, UsageError } from "../../base/errors.js";
import type { Progress } from "../../base/progress.js";
import { run } from "../../process/run.js";

interface HostTool {
  readonly program: string;
  /** Debian package that holds it. */
  readonly packageName: string;
  readonly purpose: string;
}

const HOST_TOOLS: readonly HostTool[] = [
  { program: "adb", packageName: "adb", purpose: "the only way to a device" },
  { program: "gcc", packageName: "gcc", purpose: "compiles the device's and the guest's own programs" },
  { program: "readelf", packageName: "binutils", purpose: "finds the libraries that programs in an image need" },
  { program: "mke2fs", packageName: "e2fsprogs", purpose: "makes file system images" },
  { program: "dpkg-deb", packageName: "dpkg", purpose: "unpacks what goes into images" },
  { program: "apt-get", packageName: "apt", purpose: "downloads what goes into images" },
  { program: "setpriv", packageName: "util-linux", purpose: "ends child processes together with their parent" },
  { program: "flock", packageName: "util-linux", purpose: "keeps two runs from making the same thing at once" },
  { program: "cp", packageName: "coreutils", purpose: "copies disks of gigabytes without their empty parts" },
];

/** Static C library: a file rather than a program. */
const STATIC_LIBC = { file: "/usr/lib/x86_64-linux-gnu/libc.a", packageName: "libc6-dev" };

export interface HostToolReport {
  readonly found: readonly { readonly name: string; readonly path: string; readonly purpose: string }[];
  readonly missing: readonly { readonly name: string; readonly packageName: string; readonly purpose: string }[];
}

/** Where a program is: in PATH, or where mke2fs is, outside many users' PATH. */
export function findProgram(program: string): string | undefined {
  return findIn([...(process.env["PATH"] ?? "").split(delimiter).filter(Boolean), "/usr/sbin", "/sbin"], program);
}

function findIn(folders: readonly string[], program: string): string | undefined {
  return folders.map((folder) => join(folder, program)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Folders with tools that are installed, and are not found because PATH does not have them. */
function foldersBesidePath(): readonly string[] {
  const missing = HOST_TOOLS.filter(({ program }) => findProgram(program) === undefined);
  const found = missing.map(({ program }) => findIn(["/usr/bin", "/bin"], program));
  return [...new Set(found.flatMap((path) => (path === undefined ? [] : [dirname(path)])))];
}

/** @throws UsageError when tools are installed, and PATH does not lead to them */
export function requirePath(): void {
  const folders = foldersBesidePath();
  if (folders.length === 0) return;
  const names = HOST_TOOLS.filter(({ program }) => findProgram(program) === undefined).map(({ program }) => program);
  throw new UsageError(
    "PATH_INCOMPLETE",
    `PATH does not lead to ${names.join(", ")}: it is ${JSON.stringify(process.env["PATH"] ?? "")}.`,
    { hint: `export PATH="$PATH:${folders.join(":")}"` },
  );
}

export function inspectHostTools(): HostToolReport {
  const found: { name: string; path: string; purpose: string }[] = [];
  const missing: { name: string; packageName: string; purpose: string }[] = [];
  for (const { program, packageName, purpose } of HOST_TOOLS) {
    const path = findProgram(program);
    if (path === undefined) missing.push({ name: program, packageName, purpose });
    else found.push({ name: program, path, purpose });
  }
  const libc = { name: "libc.a", purpose: "static C library for the programs above" };
  if (existsSync(STATIC_LIBC.file)) found.push({ ...libc, path: STATIC_LIBC.file });
  else missing.push({ ...libc, packageName: STATIC_LIBC.packageName });
  return { found, missing };
}

/** The one command that installs what is missing. */
export function installCommand(missing: HostToolReport["missing"]): string {
  const packages = [...new Set(missing.map((tool) => tool.packageName))].sort();
  return `sudo apt-get update && sudo apt-get install --no-install-recommends -y ${packages.join(" ")}`;
}

/** Throws unless this is a system that the images can be made on. */
export function requireSupportedSystem(
  platform: string = process.platform,
  arch: string = process.arch,
  osRelease: string = readOsRelease(),
): void {
  const field = (name: string): string => new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(osRelease)?.[1] ?? "";
  const version = Number.parseInt(field("VERSION_ID"), 10);
  if (platform === "linux" && arch === "x64" && field("ID") === "debian" && version >= 12) return;
  const seen = `${platform} ${arch}, ${field("PRETTY_NAME") || "no /etc/os-release"}`;
  throw new InfrastructureError(
    "UNSUPPORTED_SYSTEM",
    `The emulated device is made from Debian's packages and needs Debian 12 or later on x86-64; this is ${seen}.`,
    { hint: "use such a machine, or a real device: ANDROID_SERIAL=<serial> npm test" },
  );
}

/** Installs missing tools when this user may (root, or sudo without a password); otherwise says which command to run. */
export async function ensureHostTools(progress: Progress, signal?: AbortSignal): Promise<void> {
  const { missing } = inspectHostTools();
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
      hint: `see what it says, mend it, then try again:\n  ${installCommand(missing)}`,
      lastLines: error instanceof Error ? error.message.split("\n").slice(-8) : [],
    });
  }
  const left = inspectHostTools().missing;
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

function readOsRelease(): string {
  try {
    return readFileSync("/etc/os-release", "utf8");
  } catch {
    return "";
  }
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}

/** The device's package manager (`pm`). */
import { InfrastructureError, UsageError, type HarnessError } from "../../base/errors.js";
import { lastLines, type CommandResult } from "../../process/run.js";
import type { DeviceCallOptions } from "../contract.js";
import type { AdbConnection } from "./server/connection.js";
import { pushFile } from "./files/files.js";
import { runOnDevice } from "./shell/shell.js";
import { withTemporary } from "./notes/temporaries.js";

const INSTALL_TIMEOUT_MS = 300_000;
/** Android package names: dotted segments of letters, digits and underscores; at most 223 characters. Its own has no dot. */
const PACKAGE_NAME = /^(?:android|[A-Za-z]\w*(\.[A-Za-z]\w*)+)$/;

export async function installPackage(
  connection: AdbConnection,
  localPath: string,
  options: DeviceCallOptions = {},
): Promise<void> {
  const timeoutMs = options.timeoutMs ?? INSTALL_TIMEOUT_MS;
  await withTemporary(connection, "/data/local/tmp", "apk", async (remote) => {
    await pushFile(connection, localPath, remote, { ...options, timeoutMs });
    const result = await runOnDevice(connection, ["pm", "install", "-r", "-t", remote], { ...options, timeoutMs });
    if (!/^Success\b/m.test(result.stdout)) throw installFailure(connection.serial, localPath, result);
  });
}

/** PackageManagerShellCommand: displayPackageFilePath() prints nothing then. Its exceptions are 255, those of `cmd` 20. */
const NOT_INSTALLED = 1;

/** Path of the base APK; undefined when the package is not installed. */
export async function findPackage(
  connection: AdbConnection,
  packageName: string,
  options: DeviceCallOptions = {},
): Promise<string | undefined> {
  checkPackageName(packageName);
  const result = await runOnDevice(connection, ["pm", "path", packageName], options);
  const paths = [...result.stdout.matchAll(/^package:(\/.*?)\r?$/gm)].map(([, path = ""]) => path);
  if (paths.length > 0) return paths.find((path) => path.endsWith("/base.apk")) ?? paths[0];
  if (result.exitCode === NOT_INSTALLED && result.stdout.trim() === "") return undefined;
  throw new InfrastructureError(
    "PACKAGE_MANAGER",
    `${connection.serial} did not tell whether ${packageName} is installed: exit code ${result.exitCode}.`,
    {
      hint: `its package manager may not be up yet: adb -s ${connection.serial} shell pm path ${packageName}`,
      lastLines: lastLines(`${result.stdout}\n${result.stderr}`),
    },
  );
}

/** A package that is not there is fine. */
export async function uninstallPackage(
  connection: AdbConnection,
  packageName: string,
  options: DeviceCallOptions = {},
): Promise<void> {
  checkPackageName(packageName);
  const result = await runOnDevice(connection, ["pm", "uninstall", packageName], options);
  if (/^Success\b/m.test(result.stdout) || (await findPackage(connection, packageName, options)) === undefined) return;
  throw new UsageError("UNINSTALL_FAILED", `${connection.serial} did not uninstall ${packageName}.`, {
    lastLines: lastLines(`${result.stdout}\n${result.stderr}`),
  });
}

function checkPackageName(packageName: string): void {
  if (PACKAGE_NAME.test(packageName) && packageName.length <= 223) return;
  throw new UsageError("PACKAGE_NAME", `Not an Android package name: ${JSON.stringify(packageName)}`);
}

/**
 * The device has judged: this APK does not go onto it, and another attempt would be judged alike. Unless its package manager
 * never came to that.
 */
function installFailure(serial: string, apk: string, result: CommandResult): HarnessError {
  const output = `${result.stdout}\n${result.stderr}`;
  if (isUnheard(result)) {
    const message = `The package manager of ${serial} did not come to install ${apk}: exit code ${result.exitCode}.`;
    return new InfrastructureError("PACKAGE_MANAGER", message, {
      hint: `it may not be up yet, or was ended: adb -s ${serial} shell pm list packages`,
      lastLines: lastLines(output),
    });
  }
  const code = /Failure \[([A-Z_0-9]+)/.exec(output)?.[1];
  return new UsageError("INSTALL_FAILED", `${serial} refused to install ${apk}${code ? ` (${code})` : ""}.`, {
    hint: code && installHint(serial, code),
    lastLines: lastLines(output),
  });
}

/** What a shell adds to the number of the signal that ended a command; Android's `cmd` ends with 255 for an exception. */
const SIGNALLED = 128;
/** AOSP cmd/cmd.cpp: there is no such service, or it died during the call. */
const NO_SERVICE = /^(?:cmd: )?(?:Can't find service|Failure calling service)/m;

function isUnheard({ exitCode = 0, stdout, stderr }: CommandResult): boolean {
  return NO_SERVICE.test(`${stdout}\n${stderr}`) || (exitCode > SIGNALLED && exitCode < 255);
}

/** For the codes of Android's PackageManager that say what to do. */
function installHint(serial: string, code: string): string | undefined {
  switch (code) {
    case "INSTALL_FAILED_UPDATE_INCOMPATIBLE":
    case "INSTALL_FAILED_VERSION_DOWNGRADE":
      return `another build of that package is installed; remove it first: adb -s ${serial} uninstall PACKAGE`;
    case "INSTALL_FAILED_INSUFFICIENT_STORAGE":
      return `make room on the device: adb -s ${serial} shell df /data`;
    case "INSTALL_PARSE_FAILED_NO_CERTIFICATES":
    case "INSTALL_PARSE_FAILED_UNEXPECTED_EXCEPTION":
    case "INSTALL_PARSE_FAILED_NOT_APK":
      return "it is not signed, or damaged: npx avf apk show FILE.apk shows what is in it";
    default:
      return undefined;
  }
}

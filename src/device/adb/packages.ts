/** The device's package manager (`pm`). */
import { randomBytes } from "node:crypto";
import { HarnessError, UsageError } from "../../base/errors.js";
import { lastLines, type CommandResult } from "../../process/run.js";
import type { DeviceCallOptions } from "../contract.js";
import type { AdbConnection } from "./connection.js";
import { pushFile } from "./files.js";
import { runOnDevice } from "./shell.js";

const INSTALL_TIMEOUT_MS = 300_000;
/** Android package names: dotted segments of letters, digits and underscores; at most 223 characters. */
const PACKAGE_NAME = /^[A-Za-z]\w*(\.[A-Za-z]\w*)+$/;

export async function installPackage(
  connection: AdbConnection,
  localPath: string,
  options: DeviceCallOptions = {},
): Promise<void> {
  const timeoutMs = options.timeoutMs ?? INSTALL_TIMEOUT_MS;
  const remote = `/data/local/tmp/avf-install-${process.pid}-${randomBytes(4).toString("hex")}.apk`;
  try {
    await pushFile(connection, localPath, remote, { ...options, timeoutMs });
    const result = await runOnDevice(connection, ["pm", "install", "-r", "-t", remote], { ...options, timeoutMs });
    if (!/^Success\b/m.test(result.stdout)) throw installFailure(connection.serial, localPath, result);
  } finally {
    await runOnDevice(connection, ["rm", "-f", remote], { timeoutMs: 5_000 }).catch(() => undefined);
  }
}

/** Path of the base APK; undefined when the package is not installed. */
export async function findPackage(
  connection: AdbConnection,
  packageName: string,
  options: DeviceCallOptions = {},
): Promise<string | undefined> {
  checkPackageName(packageName);
  const result = await runOnDevice(connection, ["pm", "path", packageName], options);
  const paths = [...result.stdout.matchAll(/^package:(\/.*?)\r?$/gm)].map(([, path = ""]) => path);
  return paths.find((path) => path.endsWith("/base.apk")) ?? paths[0];
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
  throw new HarnessError(
    "infrastructure",
    "UNINSTALL_FAILED",
    `${connection.serial} did not uninstall ${packageName}.`,
    {
      lastLines: lastLines(`${result.stdout}\n${result.stderr}`),
    },
  );
}

export function checkPackageName(packageName: string): void {
  if (PACKAGE_NAME.test(packageName) && packageName.length <= 223) return;
  throw new UsageError("PACKAGE_NAME", `Not an Android package name: ${JSON.stringify(packageName)}`);
}

function installFailure(serial: string, apk: string, result: CommandResult): HarnessError {
  const output = `${result.stdout}\n${result.stderr}`;
  const code = /Failure \[([A-Z_]+)/.exec(output)?.[1];
  const hint =
    code === "INSTALL_FAILED_UPDATE_INCOMPATIBLE" || code === "INSTALL_FAILED_VERSION_DOWNGRADE"
      ? `another build of that package is installed; remove it first: adb -s ${serial} uninstall PACKAGE`
      : undefined;
  return new HarnessError(
    "infrastructure",
    "INSTALL_FAILED",
    `${serial} refused to install ${apk}${code ? ` (${code})` : ""}.`,
    {
      hint,
      lastLines: lastLines(output),
    },
  );
}

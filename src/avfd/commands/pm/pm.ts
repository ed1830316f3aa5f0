/** `pm` and `cmd package`: the package manager's shell (PackageManagerShellCommand). */
import type { Caller, Command } from "../../caller.js";
import type { LogBuffer } from "../../log/log-buffer.js";
import type { Installer } from "../../packages/installer.js";
import type { PackageStore } from "../../packages/package-store.js";
import { grantPermission, PermissionError, revokePermission } from "../../packages/permissions.js";
import { JavaException, printJavaException } from "../java-exception.js";
import { InstallSessions } from "./install-sessions.js";
import { hasFeature, listFeatures, listPackages } from "./list.js";
import { takeOptions } from "./options.js";

interface PackageServices {
  readonly packages: PackageStore;
  readonly installer: Installer;
  readonly log: LogBuffer;
}

export function pm(services: PackageServices): Command {
  const sessions = new InstallSessions(services.installer);
  return async (caller, args) => {
    const [command = "help", ...rest] = args;
    try {
      return await runSubcommand(services, sessions, caller, command, rest);
    } catch (error) {
      if (error instanceof JavaException || error instanceof PermissionError) {
        return printJavaException(caller, command, error.exception, error.message);
      }
      throw error;
    }
  };
}

async function runSubcommand(
  services: PackageServices,
  sessions: InstallSessions,
  caller: Caller,
  command: string,
  args: readonly string[],
): Promise<number> {
  const { packages } = services;
  switch (command) {
    case "install":
      return sessions.install(caller, args);
    case "install-create":
      return sessions.create(caller, args);
    case "install-write":
      return sessions.write(caller, args);
    case "install-commit":
      return sessions.commit(caller, args);
    case "install-abandon":
      return sessions.abandon(caller, args);
    case "uninstall":
      return uninstall(services, caller, args);
    case "path":
    case "dump-path":
      return printPath(packages, caller, args);
    case "list":
      return list(packages, caller, args);
    case "has-feature":
      return hasFeature(caller, args);
    case "grant":
    case "revoke":
      return changePermission(services, caller, command, args);
    case "help":
      caller.print(HELP);
      return 0;
    default:
      caller.printError(`Unknown command: ${command}`);
      return 255;
  }
}

async function uninstall({ installer }: PackageServices, caller: Caller, args: readonly string[]): Promise<number> {
  const { positionals } = takeOptions(args, { flags: ["-k"], valued: ["--user", "--versionCode"] });
  const name = positionals[0];
  if (name === undefined) {
    caller.printError("Error: package name not specified");
    return 1;
  }
  const removed = await installer.uninstall(name);
  caller.print(removed ? "Success" : "Failure [DELETE_FAILED_INTERNAL_ERROR]");
  return removed ? 0 : 1;
}

function printPath(packages: PackageStore, caller: Caller, args: readonly string[]): number {
  const { positionals } = takeOptions(args, { flags: [], valued: ["--user"] });
  const name = positionals[0];
  if (name === undefined) {
    caller.printError("Error: no package specified");
    return 1;
  }
  const path = packages.get(name)?.codePath;
  if (path === undefined) return 1;
  caller.print(`package:${path}`);
  return 0;
}

function list(packages: PackageStore, caller: Caller, [kind, ...args]: readonly string[]): number {
  switch (kind) {
    case "package":
    case "packages":
      return listPackages(packages, caller, args);
    case "features":
      return listFeatures(caller);
    case "users":
      caller.print("Users:\n\tUserInfo{0:Owner:c13} running");
      return 0;
    case undefined:
      caller.printError("Error: didn't specify type of data to list");
      return 255;
    default:
      caller.printError(`Error: unknown list type '${kind}'`);
      return 255;
  }
}

async function changePermission(
  { packages, log }: PackageServices,
  caller: Caller,
  command: "grant" | "revoke",
  args: readonly string[],
): Promise<number> {
  const { positionals } = takeOptions(args, { flags: ["--all-permissions"], valued: ["--user"] });
  const [name, permission] = positionals;
  if (name === undefined || permission === undefined) {
    caller.printError(`Error: no ${name === undefined ? "package" : "permission"} specified`);
    return 1;
  }
  await (command === "grant" ? grantPermission : revokePermission)(packages, name, permission);
  log.write("I", "PackageManager", `${command} ${name} ${permission}`, { uid: caller.uid });
  return 0;
}

const HELP = `Package manager (package) commands:
  install [-rtdg] [-S BYTES] [--user USER] [PATH|-]
  install-create | install-write [-S BYTES] SESSION SPLIT [PATH|-] | install-commit SESSION | install-abandon SESSION
  uninstall [-k] PACKAGE
  path PACKAGE
  list packages [-f] [-3] [-s] [-U] [--show-versioncode] [FILTER] | features | users
  has-feature FEATURE
  grant PACKAGE PERMISSION | revoke PACKAGE PERMISSION`;

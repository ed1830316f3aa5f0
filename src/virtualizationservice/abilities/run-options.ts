/**
 * Options of `vm run-app` and `vm run` for which a config has no key, such as `run({ earlyConsole: true })`. A row each:
 * what checks them, sends them or names them goes over this table.
 */
import { option } from "../dialects/option.js";
import type { ToolAbilities } from "./parse-help.js";

/** Each build of the tool has some of them. Undefined, `false` and an empty list ask for nothing. */
export interface RunFlags {
  /** Secure services that the VM may reach, where the build has `--tee-services`. */
  readonly teeServices?: readonly string[] | undefined;
  /** The kernel prints to the console from its first lines on, where the build has `--enable-earlycon`. Needs DEBUG_LEVEL_FULL. */
  readonly earlyConsole?: boolean | undefined;
  /** Path on the device that the VM's device tree is written to: since Android 16. */
  readonly deviceTreePath?: string | undefined;
}

export type RunCommand = "run-app" | "run";

interface Row {
  readonly flag: `--${string}`;
  /** The commands for which it does something. */
  readonly takenBy: readonly RunCommand[];
  /** "… is not supported on this device." */
  readonly subject: string;
  /** "The vm tool of … runs no VM with …" */
  readonly noun: string;
  /** Its value is a path on the device. */
  readonly isPath?: boolean;
}

interface RunOption extends Row {
  readonly key: keyof RunFlags;
}

/** In the order in which they are sent. */
const ROWS: Readonly<Record<keyof RunFlags, Row>> = {
  teeServices: {
    ...{ flag: "--tee-services", takenBy: ["run-app", "run"] },
    ...{ subject: "A TEE service", noun: "TEE services" },
  },
  earlyConsole: {
    // `vm run` takes it and does nothing with it: its kernel is the caller's to tell.
    ...{ flag: "--enable-earlycon", takenBy: ["run-app"] },
    ...{ subject: "An early console", noun: "an early console" },
  },
  deviceTreePath: {
    ...{ flag: "--dump-device-tree", takenBy: ["run-app", "run"], isPath: true },
    ...{ subject: "A dump of the device tree", noun: "a dump of its device tree" },
  },
};

export const RUN_OPTIONS: readonly RunOption[] = (Object.keys(ROWS) as (keyof RunFlags)[]).map((key) => ({
  ...{ key, ...ROWS[key] },
}));

export function asksFor({ key }: RunOption, asked: RunFlags): boolean {
  const value = asked[key];
  return typeof value === "object" ? value.length > 0 : value !== undefined && value !== false;
}

/** Whether the tool takes it, and does something with it. */
export function isTaken({ flag, takenBy }: RunOption, command: RunCommand, { run, runApp }: ToolAbilities): boolean {
  return takenBy.includes(command) && (command === "run" ? run : runApp).has(flag);
}

/** Those of the options that ask for something, and nothing else. */
export function pickAsked(options: RunFlags): RunFlags {
  const asked = RUN_OPTIONS.filter((row) => asksFor(row, options));
  return Object.fromEntries(asked.map(({ key }) => [key, options[key]]));
}

/** A flag for `true`, an option for a value, one for each value of a list. */
export function runOptionArguments(asked: RunFlags): readonly string[] {
  return RUN_OPTIONS.filter((row) => asksFor(row, asked)).flatMap(({ key, flag }) => {
    const value: unknown = asked[key];
    if (value === true) return [flag];
    return [value].flat().flatMap((one) => option(flag, String(one)));
  });
}

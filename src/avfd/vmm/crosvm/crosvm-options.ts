/** Which options a crosvm binary knows: its versions and its build features differ. */

/** Long options, with their dashes. */
export interface CrosvmOptions {
  /** Before the subcommand. */
  readonly general: ReadonlySet<string>;
  /** Of `crosvm run`. */
  readonly run: ReadonlySet<string>;
  /** Whether it reads composite disks, as Android's does: a feature of its build, which brings a command with it. */
  readonly compositeDisks: boolean;
}

/** @param general what `crosvm --help` printed, @param run what `crosvm run --help` did */
export function readOptions(general: string, run: string): CrosvmOptions {
  return {
    general: parseOptions(general),
    run: parseOptions(run),
    compositeDisks: /^ +create_composite\b/m.test(general),
  };
}

/** @param help what `--help` printed */
export function parseOptions(help: string): ReadonlySet<string> {
  return new Set([...help.matchAll(/^ {1,8}(?:-\w, )?(--[a-z][\w-]*)/gm)].map((match) => match[1] ?? ""));
}

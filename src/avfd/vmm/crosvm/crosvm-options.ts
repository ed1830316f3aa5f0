/** Which options a crosvm binary knows: its versions and its build features differ. */

/** Long options, with their dashes. */
export interface CrosvmOptions {
  /** Before the subcommand. */
  readonly general: ReadonlySet<string>;
  /** Of `crosvm run`. */
  readonly run: ReadonlySet<string>;
}

/** @param help what `--help` printed */
export function parseOptions(help: string): ReadonlySet<string> {
  return new Set([...help.matchAll(/^ {1,8}(?:-\w, )?(--[a-z][\w-]*)/gm)].map((match) => match[1] ?? ""));
}

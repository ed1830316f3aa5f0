/** Help of the `vm` tool, as clap 2 and clap 4 print it. What a device prints is not trusted: it is read with limits. */

export interface ToolAbilities {
  /** Sub-commands. */
  readonly commands: ReadonlySet<string>;
  /** Options of `run-app`, with their dashes. */
  readonly runApp: ReadonlySet<string>;
  /** Options of `run`; none where it is not there. */
  readonly run: ReadonlySet<string>;
  /** Those of them that it does not do without. */
  readonly required: ReadonlySet<string>;
  /** Whether `--cpu-topology` takes `cpu_count=N`. */
  readonly cpuCounts: boolean;
}

const MAX_TEXT = 64 * 1024;
const MAX_NAMES = 200;
const NAME = "[a-z][a-z0-9_-]{0,40}";
/** An option has at most that indentation; continued lines of texts have more. */
const OPTION_LINE = new RegExp(`^ {2,4}(?:-[A-Za-z], | {4})?--(${NAME})(?![\\w-])`);
const COMMAND_LINE = new RegExp(`^ {2,4}(${NAME})(?: {2,}\\S|$)`);

/** Undefined: this is no help of the tool's. */
export function parseCommandList(text: string): ReadonlySet<string> | undefined {
  const lines = linesOf(text);
  const start = lines?.findIndex((line) => /^(?:Commands|SUBCOMMANDS):$/.test(line)) ?? -1;
  if (lines === undefined || start < 0) return undefined;
  const names = new Set<string>();
  for (const line of lines.slice(start + 1)) {
    if (line.trim() === "") break;
    const name = COMMAND_LINE.exec(line)?.[1];
    if (name !== undefined) names.add(name);
  }
  return names.size === 0 || names.size > MAX_NAMES ? undefined : names;
}

/** Undefined: this is no help of that sub-command. */
export function parseOptions(text: string, command: string): Pick<ToolAbilities, "runApp" | "required"> | undefined {
  const lines = linesOf(text);
  const usage = lines?.map((line) => usageOf(line, command)).find((found) => found !== undefined);
  if (lines === undefined || usage === undefined) return undefined;
  const names = lines.flatMap((line) => OPTION_LINE.exec(line)?.[1] ?? []);
  const required = [...usage.matchAll(new RegExp(` --(${NAME}) <`, "g"))].map(([, name = ""]) => name);
  if (names.length === 0 || names.length > MAX_NAMES) return undefined;
  const dashed = (list: readonly string[]): ReadonlySet<string> => new Set(list.map((name) => `--${name}`));
  return { runApp: dashed([...names, ...required]), required: dashed(required) };
}

/** `Usage: vm run-app …`, or with the heading on a line of its own. */
function usageOf(line: string, command: string): string | undefined {
  const found = /^(?:Usage: | {4})vm ([a-z-]{1,40})(?= |$)([^]*)$/.exec(line);
  return found?.[1] === command ? found[2] : undefined;
}

function linesOf(text: string): readonly string[] | undefined {
  return text.length > MAX_TEXT ? undefined : text.split(/\r?\n/);
}

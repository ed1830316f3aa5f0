/** Arguments of Android's Java shell commands: options first or in between, refused when unknown. */
import { JavaException } from "../java-exception.js";

interface OptionNames {
  readonly flags: readonly string[];
  readonly valued: readonly string[];
}

export interface TakenOptions {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  readonly positionals: readonly string[];
}

/** Throws `JavaException` as the shell command does. */
export function takeOptions(args: readonly string[], names: OptionNames): TakenOptions {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const positionals: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (!arg.startsWith("-") || arg === "-") positionals.push(arg);
    else if (names.flags.includes(arg)) flags.add(arg);
    else if (names.valued.includes(arg)) {
      const value = rest.shift();
      if (value === undefined) throw illegal(`Argument expected after "${arg}"`);
      values.set(arg, value);
    } else throw illegal(`Unknown option ${arg}`);
  }
  return { flags, values, positionals };
}

export function illegal(message: string): JavaException {
  return new JavaException("java.lang.IllegalArgumentException", message);
}

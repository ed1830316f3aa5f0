/** Options of a source of the machine, see sources.list(5): how its archive is checked. */

/** By their names in `.sources` files. All others say what is read of an archive, which is not the machine's matter here. */
const OPTIONS = ["Signed-By", "Trusted", "Allow-Insecure", "Allow-Weak", "Check-Valid-Until", "Check-Date"];
const ENTRY = /^(\/.*):(\d+)$/;

/**
 * Fields of a `.sources` file, for the options that the source has: a key may be a path, or the key itself as lines that
 * begin with a blank. None when it cannot be read.
 * @param entry `FILE:NUMBER` of its line or stanza
 */
export async function optionsOf(
  entry: string,
  readText: (path: string) => Promise<string>,
): Promise<readonly string[]> {
  const [, path = "", number] = ENTRY.exec(entry) ?? [];
  const text = await readText(path).catch(() => "");
  const read = path.endsWith(".sources") ? stanzaReader(text, Number(number)) : lineReader(text, Number(number));
  return OPTIONS.flatMap((name) => {
    const value = read(name);
    return value === undefined ? [] : [`${name}:${value.startsWith("\n") ? "" : " "}${value}`];
  });
}

type Reader = (name: string) => string | undefined;

function lineReader(text: string, number: number): Reader {
  const options = /^\s*deb\s+\[([^\]]*)\]/.exec(text.split("\n")[number - 1] ?? "")?.[1] ?? "";
  return (name) => new RegExp(`(?:^|\\s)${name}=(\\S+)`, "i").exec(options)?.[1];
}

/** Stanzas count from 1; between them are empty lines, and lines with "#" are comments. */
function stanzaReader(text: string, number: number): Reader {
  const stanzas = text
    .replace(/^#.*\n?/gm, "")
    .split(/\n{2,}/)
    .filter((each) => each.trim() !== "");
  const stanza = stanzas[number - 1] ?? "";
  return (name) => new RegExp(`^${name}:[ \\t]*(.*(?:\\n[ \\t].*)*)`, "im").exec(stanza)?.[1]?.trimEnd();
}

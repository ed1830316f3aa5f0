/** Words of commands that people are told to type. */

/** For the shell of this system: it stays one word, whatever it has in it. */
export function quoted(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  // cmd.exe knows no other quotes.
  if (process.platform === "win32") return `"${text.replaceAll('"', '\\"')}"`;
  return `'${text.replaceAll("'", "'\\''")}'`;
}

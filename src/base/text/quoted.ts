/** Paths in commands that people are told to type. */

/** Of a path that may be typed in a shell: it stays one word, whatever it has in it. */
export function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

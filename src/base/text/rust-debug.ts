/** Text as Rust's `{:?}` prints it: messages of Android's tools quote names in that form. */

/** @param quote of a string, or of a character */
export function rustDebug(text: string, quote: '"' | "'"): string {
  const characters = Array.from(text, (character) => (character === quote ? `\\${quote}` : escaped(character)));
  return `${quote}${characters.join("")}${quote}`;
}

function escaped(character: string): string {
  const known = ESCAPES[character];
  if (known !== undefined) return known;
  if (character === " " || !NOT_SHOWN.test(character)) return character;
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  ...{ "\\": "\\\\", "\0": "\\0" },
  ...{ "\n": "\\n", "\r": "\\r", "\t": "\\t" },
};

/** Controls and their like, blanks other than a space, and marks that would join what stands before them. */
const NOT_SHOWN = /[\p{C}\p{Z}\p{Grapheme_Extend}]/u;

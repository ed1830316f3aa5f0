/** Lists of words in messages for people: `a`, `a or b`, `a, b or c`. */

export function anyOf(words: readonly string[]): string {
  return listed(words, "or");
}

export function allOf(words: readonly string[]): string {
  return listed(words, "and");
}

/** Not by `Intl.ListFormat`: in its English there is a comma before the last word, too. */
function listed(words: readonly string[], conjunction: string): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} ${conjunction} ${last}`;
}

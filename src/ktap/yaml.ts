/** TAP's YAML, indented behind a result line, belongs to that result. Nothing in it is a result. */
import type { Place, Token } from "./grammar.js";
import type { Group } from "./group.js";
import { LIMITS } from "./model.js";

export class YamlReader {
  /** The group whose last test the block belongs to, while inside a block. */
  #group: Group | undefined;
  #lines = 0;

  /** Takes a line of a block; false for any other. @param top the group that lines are of now */
  take(token: Token, line: string, top: Group): boolean {
    const text = line.trim();
    const group = this.#group;
    if (group === undefined) return this.#begin(token, text, top);
    const isBehind = token.kind !== "other" && token.kind !== "comment" && !isIndentedMore(token.place, group.place);
    if (isBehind || ++this.#lines > LIMITS.diagnosticLines) {
      this.#group = undefined;
      return false;
    }
    if (text === "...") this.#group = undefined;
    else group.addToLast(line.trimEnd());
    return true;
  }

  #begin(token: Token, text: string, top: Group): boolean {
    if (text !== "---" || token.kind !== "other" || !top.lastTest) return false;
    if (token.place.length !== top.place.length || !isIndentedMore(token.place, top.place)) return false;
    this.#group = top;
    this.#lines = 0;
    return true;
  }
}

function isIndentedMore(inner: Place, outer: Place): boolean {
  return inner.length > outer.length || (inner.length === outer.length && inner.at(-1)! > outer.at(-1)!);
}

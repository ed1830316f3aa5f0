/**
 * A console carries two voices: the kernel's messages, with a time stamp before each, and what programs write. KTAP may come
 * in either, and a message of the one may stand in the middle of a line of the other.
 */
import { withoutControls } from "../base/printable.js";
import { readLine } from "./grammar.js";
import { LIMITS } from "./model.js";

export type Voice = "kernel" | "program";

export interface VoiceLine {
  readonly voice: Voice;
  readonly text: string;
}

const LEVEL = "(?:<\\d{1,3}>)?";
const STAMP = "\\[ {0,8}\\d{1,10}\\.\\d{6}\\](?:\\[ {0,6}[TC]\\d{1,10}\\])?";
/** What dmesg of util-linux makes of the stamp: with `-d` (beside another, or alone), `-T`, `-e`, and `--time-format iso`. */
const DELTA = " ?< {0,8}\\d{1,10}\\.\\d{6}>";
const DMESG_STAMP = [
  `\\[(?: {0,8}\\d{1,10}\\.\\d{6})?${DELTA}\\]`,
  `\\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d \\d{4}(?:${DELTA})?\\]`,
  "\\[[A-Z][a-z]{2}[ \\d]\\d \\d\\d:\\d\\d\\]",
  "\\[ {0,2}[+-]\\d{1,10}\\.\\d{6}\\]",
  "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d,\\d{6}[+-]\\d\\d:\\d\\d",
].join("|");
/** Before it, or instead of it, with `-x`: `kern  :info  : `. */
const FACILITY = "(?:kern|user|daemon|syslog) {0,4}:(?:emerg|alert|crit|err|warn|notice|info|debug) {0,3}: ";
const STAMPED = `${LEVEL}(?:${STAMP}|${DMESG_STAMP}) ?`;
const KERNEL_LINE = new RegExp(`^(?:${FACILITY}(?:${STAMPED})?|${STAMPED})`);
const STAMP_INSIDE = new RegExp(`(?<!^)${LEVEL}${STAMP} `);
const VERSION_BEHIND_PREFIX = /(?<=[\s:\]>])K?TAP version \d{1,9}\s*$/;

export class VoiceSplitter {
  /** Of a program's line that a message of the kernel stands in: what came before it. */
  #held: string | undefined;

  split(line: string): readonly VoiceLine[] {
    const text = shownText(line);
    const stamp = KERNEL_LINE.exec(text);
    if (stamp) return [{ voice: "kernel", text: text.slice(stamp[0].length) }];
    const whole = this.#continued(text);
    const inside = STAMP_INSIDE.exec(whole.at(-1)!);
    const earlier = whole.slice(0, -1).map((one): VoiceLine => ({ voice: "program", text: one }));
    if (!inside) return [...earlier, { voice: "program", text: whole.at(-1)! }];
    this.#held = whole.at(-1)!.slice(0, inside.index);
    const message = whole.at(-1)!.slice(inside.index).replace(KERNEL_LINE, "");
    return [...earlier, { voice: "kernel", text: message }];
  }

  /** What is still held: its line never ended. */
  end(): readonly VoiceLine[] {
    const held = this.#held;
    this.#held = undefined;
    return held === undefined ? [] : [{ voice: "program", text: held }];
  }

  get holds(): boolean {
    return this.#held !== undefined;
  }

  /** The rest of a line that was broken, joined to its beginning; unless it is plainly a line of its own. */
  #continued(text: string): readonly string[] {
    const held = this.#held;
    if (held === undefined) return [text];
    this.#held = undefined;
    const joined = `${held}${text}`;
    const isOwnLine = (text.startsWith("#") || readLine(text).kind !== "other") && !loses(held, text, joined);
    return isOwnLine ? [held, text] : [joined];
  }
}

/** Whether the rest, for a line of its own, lacks what stands before it: its indentation and hash signs, or its "not". */
function loses(held: string, text: string, joined: string): boolean {
  if (/^[ \t#]+$/.test(held)) return true;
  const [alone, whole] = [readLine(text), readLine(joined)];
  return alone.kind === "result" && alone.ok && whole.kind === "result" && !whole.ok;
}

/** As a terminal shows it: a carriage return within a line goes back to its beginning. */
function shownText(line: string): string {
  const text = line.slice(0, LIMITS.lineLength);
  let end = text.length;
  while (end > 0 && (text[end - 1] === "\r" || text[end - 1] === "\n")) end--;
  return withoutControls(text.slice(text.lastIndexOf("\r", end - 1) + 1, end));
}

/**
 * What a logger puts before each line, as far as a version line shows it: `Nov 30 10:00:00 host kernel: `. Digits differ
 * from line to line. Lines without it are as they are until the first one that has it.
 */
export class Prefix {
  #isConfirmed = false;

  /** @param prefix of a version line, which confirms nothing yet: it may be the prompt of a shell */
  constructor(private readonly prefix: string) {}

  /** A line that is known to have it, without it. */
  behind(text: string): string {
    return text.slice(this.prefix.length);
  }

  /** The prefix of a line that has something before its version. */
  static of(text: string): Prefix | undefined {
    const at = text.search(VERSION_BEHIND_PREFIX);
    return at <= 0 || readLine(text).kind === "version" ? undefined : new Prefix(text.slice(0, at));
  }

  remove(text: string): string {
    if (this.#fits(text)) {
      this.#isConfirmed = true;
      return text.slice(this.prefix.length);
    }
    // A program's word in between; no structure is to be seen in it.
    return this.#isConfirmed ? `? ${text}` : text;
  }

  #fits(text: string): boolean {
    const { prefix } = this;
    if (text.length < prefix.length) return false;
    for (let index = 0; index < prefix.length; index++) {
      const [wanted, found] = [prefix.charAt(index), text.charAt(index)];
      if (wanted !== found && !(isDigitOrBlank(wanted) && isDigitOrBlank(found))) return false;
    }
    return true;
  }
}

function isDigitOrBlank(character: string): boolean {
  return character === " " || (character >= "0" && character <= "9");
}

/**
 * Text of devices, guests and files, made fit for people's eyes. On a terminal nothing of it is obeyed: a control sequence
 * could set the clipboard or the title, or draw over what stands there; a bidirectional override could make text read
 * otherwise than it is.
 */

/** Control characters and bidirectional overrides are shown, as `\x1b` and `\u202e`. Line ends and tabs stay. */
export function printable(text: string): string {
  return text.replace(CR_OF_LINE_END, "\n").replace(CONTROL, shown);
}

/** The same for what has to stay on one line: line ends are shown as well. */
export function printableLine(text: string): string {
  return text.replace(LINE_CONTROL, shown);
}

/** As `printable`, but text may be coloured: for messages with Jest's own colours in them. */
export function printableInColour(text: string): string {
  if (text.search(CONTROL) < 0) return text;
  return text
    .split(COLOUR)
    .map((part, index) => (index % 2 === 0 ? printable(part) : part))
    .join("");
}

/** For reports: without control sequences and control characters. What would change the order of text is shown. */
export function withoutControls(text: string): string {
  if (text.search(CONTROL) < 0) return text;
  return text
    .replace(TERMINAL_SEQUENCE, "")
    .replace(CONTROL, (character) => (character < "\u00a0" ? "" : shown(character)));
}

/** Cut to a length, for messages: says how long it was. */
export function shortened(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  // Not in the middle of a character of two units.
  const end = /[\ud800-\udbff]/.test(text.charAt(maxLength - 1)) ? maxLength - 1 : maxLength;
  return `${text.slice(0, end)}… (${text.length} characters)`;
}

function shown(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** A terminal shows the same without them. */
const CR_OF_LINE_END = /\r+\n/g;

// C0 without tab and line feed, DEL, C1; embeddings, overrides and isolates of Unicode's bidirectional algorithm (UAX #9);
// halves of surrogate pairs, which no terminal can show.
const CONTROLS = "\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069";
const LONE_SURROGATE = "[\\ud800-\\udbff](?![\\udc00-\\udfff])|(?<![\\ud800-\\udbff])[\\udc00-\\udfff]";
const CONTROL = new RegExp(`[${CONTROLS}]|${LONE_SURROGATE}`, "g");
const LINE_CONTROL = new RegExp(`[${CONTROLS}\\n]|${LONE_SURROGATE}`, "g");

// "Select graphic rendition" without 8, which hides text (ECMA-48, 8.3.117).
const COLOUR = /(\u001b\[(?:(?!8[;m])\d{0,3}(?:;(?!8[;m])|(?=m)))*m)/;

// ECMA-48: control sequences (CSI … final byte), control strings (OSC, DCS, APC, PM, SOS … ST or, as xterm has it, BEL),
// each introduced by ESC and a letter or by one character of C1. Not `stripVTControlCharacters` of Node, which takes text
// before a bell for a part of the sequence before it.
const TERMINAL_SEQUENCE =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)/g;

/** Text of a device or a VM, made fit for people's eyes. */

/** Without what would act on a terminal. Not `stripVTControlCharacters` of Node, which takes text before a bell for a part of the sequence before it. */
export function printable(text: string): string {
  return text.replace(TERMINAL_SEQUENCE, "").replace(CONTROL, "");
}

// Sequences that begin with `ESC [` and end with a letter (colours, cursor), and `ESC ] … BEL` (titles, links).
const TERMINAL_SEQUENCE = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

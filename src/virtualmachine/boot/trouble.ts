/** Lines that show that a VM will do nothing useful any more. */

/** Of the guest's kernel, or of the payload. */
export type TroubleKind = "kernel-panic" | "payload-crash";

export function troubleOfLine(text: string): TroubleKind | undefined {
  return SIGNS.find(([, words]) => words.test(text))?.[0];
}

/**
 * The kernel's own words, at the beginning of a line or behind a time stamp, so that others may speak of panics; microdroid_manager's; and those of Android's libc, which names threads by 15 letters. A crash
 * of another process of the guest is no trouble of the payload.
 */
const SIGNS: readonly (readonly [TroubleKind, RegExp])[] = [
  ["kernel-panic", /(^|\]\s*)Kernel panic - not syncing\b/],
  ["payload-crash", /\bPayload exited due to signal\b|\bFatal signal \d+ \(SIG\w+\).*\(microdroid_laun?c?/],
];

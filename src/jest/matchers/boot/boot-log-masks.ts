/** A boot log without what differs from boot to boot: times, addresses, CIDs, process ids. */

export type Mask = readonly [pattern: RegExp, replacement: string];

/** Applied in this order, each to the whole line. */
const MASKS: readonly Mask[] = [
  // Kernel: `[    1.242108]`, `[    1.242108][    T1]`.
  [/^\[\s*\d+\.\d{6}\](\[\s*[TC]\d+\])?/, "[<time>]"],
  // logcat, threadtime: `11-22 20:23:03.115     1     1 I `.
  [/^(?:\d{4}-)?\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\s+\d+\s+\d+ /, "<time> <pid> <tid> "],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?/g, "<time>"],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "<uuid>"],
  // Addresses: `0x1000` and longer, and the kernel's bare 16 digits, also of hashed pointers.
  [/\b0x[0-9a-f]{4,16}\b/gi, "<address>"],
  [/(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])/gi, "<address>"],
  [/\b(cid)([ :=]+)\d+\b/gi, "$1$2<cid>"],
  [/\b(pid|tid|tgid|ppid)([ :=]+)\d+\b/gi, "$1$2<pid>"],
  // `microdroid_manager[135]:`
  [/^((?:\[<time>\]\s*)?[\w./@:-]+)\[\d+\]:/, "$1[<pid>]:"],
  [/(?<![\w.])\d+(\.\d+)?\s?(ns|us|µs|ms|s|secs?|seconds?|usecs?|msecs?)\b/g, "<duration>"],
];

/** @param own further masks, applied before ours */
export function maskLine(text: string, own: readonly Mask[] = []): string {
  return [...own, ...MASKS].reduce((line, [pattern, replacement]) => line.replace(pattern, replacement), text);
}

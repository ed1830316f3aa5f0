/** How far the boot of a VM has come, and by which words and events it shows. */

/**
 * In their order. A stage that a VM does not have (`firmware` is there in protected VMs only) or does not tell of (a
 * quiet kernel, a VM that is not debuggable) is passed over.
 *
 * - `vmm`: the VM process runs; the service said so.
 * - `firmware`: pvmfw or U-Boot speak.
 * - `kernel`: the kernel's clock began; read from the time stamp of its first line.
 * - `init`: the guest's first process runs.
 * - `verified`: the APKs were verified.
 * - `payload`: the payload was started.
 * - `ready`: the payload said that it is ready.
 */
export const BOOT_STAGES = ["vmm", "firmware", "kernel", "init", "verified", "payload", "ready"] as const;
export type BootStage = (typeof BOOT_STAGES)[number];

/** From here on the boot is over, and a VM that is silent does not stand still. */
export const BOOTED: BootStage = "payload";
/** The same of a VM of its own kernel: what its first process does is its own affair. */
export const CUSTOM_BOOTED: BootStage = "init";

export const stageIndex = (stage: BootStage): number => BOOT_STAGES.indexOf(stage);

/** A stage that a line proves, and how long before that line it was reached. */
interface StageSign {
  readonly stage: BootStage;
  readonly beforeMs: number;
}

/**
 * What a line of console or log shows. The texts are those of Android's guests (pvmfw, microdroid_manager, init) and of
 * the kernel; the emulated device's guest uses the same.
 */
export function stagesOfLine(text: string): readonly StageSign[] {
  const signs: StageSign[] = [];
  const stamp = KERNEL_STAMP.exec(text);
  if (stamp) signs.push({ stage: "kernel", beforeMs: Number(stamp[1]) * 1000 });
  for (const [stage, words] of WORDS) if (words.test(text)) signs.push({ stage, beforeMs: 0 });
  return signs;
}

/** `[    1.242108] ` or, with thread ids, `[    1.242108][    T1] `. */
const KERNEL_STAMP = /^\[\s*(\d{1,7}\.\d{6})\]/;

const WORDS: readonly (readonly [BootStage, RegExp])[] = [
  ["firmware", /\bpVM firmware\b|^U-Boot \d{4}\./],
  ["kernel", /\bStarting payload\.\.\.|^Starting kernel \.\.\./],
  [
    "init",
    /\bRun \/\S+ as init process\b|\binit: init first stage started\b|\bmicrodroid_manager(\[\d+\])?: started\./,
  ],
  [
    "verified",
    /\bmicrodroid_manager\b.*\b(payload verification successful|Saving verified data|Saved data is verified)\b/,
  ],
  ["payload", /\bmicrodroid_manager\b.*\bexecuting main task\b/],
  ["ready", /\bmicrodroid_manager\b.*\bnotifying payload ready\b/],
];

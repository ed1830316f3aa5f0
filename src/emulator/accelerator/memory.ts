/** What a trial of KVM showed on this host, kept in the cache for as long as it holds. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../../base/files/atomic-file.js";
import type { Accelerator } from "../machine/arguments.js";

export interface AcceleratorAnswer {
  readonly accelerator: Accelerator;
  /** Why, in words for `avf doctor`. */
  readonly reason: string;
  /** Why VMs cannot run in the device although the accelerator was asked for. */
  readonly withoutVms?: string;
  /** When a "no" is looked into again, as `Date.now()`. */
  readonly untilMs?: number;
}

const MEMORY = "accelerator.json";
/** None is made to hold longer: the clock that it was written by was ahead of this one. */
const LONGEST_MS = 3_600_000;

/** Undefined when there is none of this host, or it holds no longer. */
export async function recall(cache: string, host: string, nowMs = Date.now()): Promise<AcceleratorAnswer | undefined> {
  try {
    const saved = JSON.parse(await readFile(join(cache, MEMORY), "utf8")) as Partial<AcceleratorAnswer> & {
      readonly host?: unknown;
    };
    const { accelerator, reason, untilMs } = saved;
    if (saved.host !== host || (accelerator !== "tcg" && accelerator !== "kvm") || typeof reason !== "string") {
      return undefined;
    }
    if (untilMs === undefined) return { accelerator, reason };
    return nowMs < untilMs && untilMs - nowMs <= LONGEST_MS ? { accelerator, reason, untilMs } : undefined;
  } catch {
    return undefined;
  }
}

export async function remember(cache: string, host: string, answer: AcceleratorAnswer): Promise<void> {
  await writeFileAtomic(join(cache, MEMORY), JSON.stringify({ ...answer, host }));
}

/** Drops the remembered answer. */
export async function forgetAccelerator(cache: string): Promise<void> {
  await rm(join(cache, MEMORY), { force: true });
}

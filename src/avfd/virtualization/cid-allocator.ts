/** Context identifiers of guests (AOSP virtualizationservice/src/aidl.rs). */
import type { AndroidRelease } from "../releases.js";

interface CidRules {
  readonly first: number;
  readonly last: number;
  readonly wraps: boolean;
}

const RULES: Readonly<Record<AndroidRelease, CidRules>> = {
  13: { first: 10, last: 0xffff_fffe, wraps: false },
  15: { first: 2048, last: 65_535, wraps: true },
};

/** The next CID after `last`; undefined when there is none left. */
export function nextCid(
  release: AndroidRelease,
  last: number | undefined,
  isTaken: (cid: number) => boolean,
): number | undefined {
  const rules = RULES[release];
  const valid = last !== undefined && last >= rules.first && last <= rules.last;
  const start = valid ? last + 1 : rules.first;
  for (let cid = start; cid <= rules.last; cid++) if (!isTaken(cid)) return cid;
  if (!rules.wraps) return undefined;
  for (let cid = rules.first; cid < start; cid++) if (!isTaken(cid)) return cid;
  return undefined;
}

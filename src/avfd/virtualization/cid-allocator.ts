/** Context identifiers of guests (AOSP virtualizationservice/src/aidl.rs). */
import { traitsOf, type AndroidRelease } from "../../base/android-release.js";

/** The next CID after `last`; undefined when there is none left. */
export function nextCid(
  release: AndroidRelease,
  last: number | undefined,
  isTaken: (cid: number) => boolean,
): number | undefined {
  const rules = traitsOf(release).service.cids;
  const valid = last !== undefined && last >= rules.first && last <= rules.last;
  const start = valid ? last + 1 : rules.first;
  for (let cid = start; cid <= rules.last; cid++) if (!isTaken(cid)) return cid;
  if (!rules.wraps) return undefined;
  for (let cid = rules.first; cid < start; cid++) if (!isTaken(cid)) return cid;
  return undefined;
}

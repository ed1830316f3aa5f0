/** Where a run comes from: its host, its shard, its commit. */
import type { RunEvent, ShardOfRun } from "../../artifacts/events.js";
import { isFields, text } from "./event-text.js";
import type { RunOrigin } from "./run-model.js";

export function originOf(events: readonly RunEvent[]): RunOrigin {
  const started = events.find((event) => event.kind === "run-started");
  const told = events.find((event) => event.kind === "process-started" && event.host !== undefined);
  const known = (value: unknown): string | undefined => text(value) || undefined;
  return {
    id: known(started?.id),
    host: known(started?.host ?? (told as { readonly host?: unknown } | undefined)?.host),
    shard: shardOf(started?.shard),
    commit: known(started?.commit),
    pipeline: known(started?.pipeline),
  };
}

/** `shard 2/4`; undefined for a run of all. */
export function shardName(shard: ShardOfRun | undefined): string | undefined {
  return shard === undefined ? undefined : `shard ${shard.index}/${shard.count}`;
}

function shardOf(value: unknown): ShardOfRun | undefined {
  if (!isFields(value)) return undefined;
  const { index, count, files, digest } = value;
  const isCount = (one: unknown): one is number => typeof one === "number" && Number.isSafeInteger(one) && one > 0;
  if (!isCount(index) || !isCount(count) || index > count) return undefined;
  return {
    ...{ index, count },
    ...(isCount(files) ? { files } : {}),
    ...(typeof digest === "string" ? { digest: text(digest) } : {}),
  };
}

/** What the first events of a run tell: who it is, and when it began. */
import { basename, join } from "node:path";
import type { RunEvent } from "../../artifacts/events.js";
import { EventFile, eventFiles } from "../../artifacts/read-events.js";
import { originOf, shardName } from "../model/origin.js";
import type { RunOrigin } from "../model/run-model.js";

export interface RunHead {
  /** Equal for the same run only, wherever its folder was copied to. */
  readonly identity: string;
  readonly origin: RunOrigin;
  /** By its own host's clock, in milliseconds since 1970. */
  readonly startedWallMs: number;
}

/** A process records its own data first; only the lines of the first tests may come before. */
const HEAD_BYTES = 256 << 10;

export function readHead(folder: string): RunHead {
  const first: RunEvent[] = [];
  let startedWallMs = Infinity;
  for (const name of eventFiles(folder)) {
    const events: RunEvent[] = [];
    new EventFile(join(folder, name)).readNew((event) => events.push(event), HEAD_BYTES);
    const anchor = events.find((event) => event.kind === "process-started");
    if (anchor !== undefined) {
      const firstMs = events.reduce((least, { atMs }) => Math.min(least, atMs), anchor.atMs);
      startedWallMs = Math.min(startedWallMs, anchor.wallMs - (anchor.atMs - firstMs));
    }
    first.push(...events.filter(({ kind }) => kind === "run-started" || kind === "process-started"));
  }
  const origin = originOf(first);
  const began = Number.isFinite(startedWallMs) ? startedWallMs : 0;
  return { origin, startedWallMs: began, identity: origin.id ?? `${basename(folder)} ${origin.host ?? ""} ${began}` };
}

/** `shard 2/4 on lab-7`. */
export function placeName({ shard, host }: RunOrigin, folder: string): string {
  const what = shardName(shard) ?? basename(folder);
  return host === undefined ? what : `${what} on ${host}`;
}

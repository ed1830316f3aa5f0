/** A note for each forward of ours, so that one whose owner was killed is removed at the next start. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { openCache } from "../../../base/cache/cache.js";
import { cacheFolder } from "../../../base/paths.js";
import { replaceFileSync, sweepDrafts } from "../../../process/drafts.js";
import type { ProcessIdentity } from "../../../process/identity.js";
import { isGone, self } from "../../../process/life.js";
import { forwardsOf, killForward } from "../forward/forward-list.js";
import type { AdbServer } from "../server/server.js";

interface Forward {
  readonly serial: string;
  readonly serverPort: number;
  readonly hostPort: number;
  readonly remote: string;
}

/** Path of the note. */
export function recordForward(forward: Forward): string {
  const owner = self();
  openCache();
  mkdirSync(folder(), { recursive: true });
  const path = join(
    folder(),
    `${owner.pid}-${owner.startTicks}-${randomBytes(4).toString("hex")}-${forward.serverPort}-${forward.hostPort}.json`,
  );
  replaceFileSync(path, JSON.stringify({ ...forward, ...owner }));
  return path;
}

export function forgetForward(path: string): void {
  rmSync(path, { force: true });
}

/** Whether the server has it still: a port may be in other use by now, and adb removes one whatever device it leads to. */
export async function isListed(
  server: AdbServer,
  { serial, hostPort, remote }: Omit<Forward, "serverPort">,
): Promise<boolean> {
  return (await listedBy(server)).has(`${serial} tcp:${hostPort} ${remote}`);
}

/** Removes forwards of dead owners. Only those that still lead where the note says: a port may be in other use by now. */
export async function sweepForwards(server: AdbServer): Promise<void> {
  await sweepDrafts(folder());
  const stale = readNotes().filter(({ note }) => note === undefined || isGone(note));
  if (stale.length === 0) return;
  const listed = await listedBy(server);
  for (const { path, note } of stale) {
    if (note && note.serverPort !== server.port) continue;
    if (note && listed.has(`${note.serial} tcp:${note.hostPort} ${note.remote}`)) {
      await killForward(server, note.serial, `tcp:${note.hostPort}`).catch(() => undefined);
    }
    forgetForward(path);
  }
}

async function listedBy(server: AdbServer): Promise<ReadonlySet<string>> {
  return new Set((await forwardsOf(server)).map(({ serial, local, remote }) => `${serial} ${local} ${remote}`));
}

function readNotes(): { path: string; note: (Forward & ProcessIdentity) | undefined }[] {
  let names: string[];
  try {
    names = readdirSync(folder());
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith(".json"))
    .map((name) => {
      const path = join(folder(), name);
      try {
        return { path, note: JSON.parse(readFileSync(path, "utf8")) as Forward & ProcessIdentity };
      } catch {
        return { path, note: undefined };
      }
    });
}

function folder(): string {
  return join(cacheFolder(), "forwards");
}

/** Which test a process is at: a small file, so that after the death of a worker somebody can tell. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { printable } from "../../base/printable.js";
import { basename, join } from "node:path";
import { asciiName } from "../../artifacts/names.js";
import { makePrivateFolder, PRIVATE_FILE } from "../../artifacts/private-files.js";
import { identify, isAlive, isElsewhere, type ProcessIdentity } from "../../process/identity.js";

interface Marker extends ProcessIdentity {
  readonly file: string;
  readonly test?: string;
}

export class RunMarker {
  readonly #path: string;

  constructor(
    runFolder: string,
    private readonly file: string,
    project: string | undefined,
  ) {
    this.#path = join(folderOf(runFolder), asciiName(`${basename(file)} ${file} ${project ?? ""}`));
  }

  /** Left by a process that died while it ran this file. */
  ofDeadProcess(): Marker | undefined {
    const marker = read(this.#path);
    return marker === undefined || mayLive(marker) ? undefined : marker;
  }

  /** Costs one small write. A full disk is no reason to fail a test. */
  set(test: string | undefined): void {
    const own = identify(process.pid);
    try {
      makePrivateFolder(join(this.#path, ".."));
      writeFileSync(this.#path, JSON.stringify({ ...own, file: this.file, test }), { mode: PRIVATE_FILE });
    } catch {
      // Nobody will be able to tell, then.
    }
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }
}

/** After the run: those whose process died, and was not replaced by one that came to the end of the file. */
export function takeDeadMarkers(runFolder: string): readonly Marker[] {
  const folder = folderOf(runFolder);
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  const markers = names.map((name) => read(join(folder, name)));
  const dead = markers.filter((marker): marker is Marker => marker !== undefined && !mayLive(marker));
  if (markers.every((marker) => marker === undefined || !mayLive(marker)))
    rmSync(folder, { recursive: true, force: true });
  return dead;
}

/** Nobody can tell of one in another container. */
function mayLive(marker: Marker): boolean {
  return isElsewhere(marker) || isAlive(marker);
}

export function describeDeath({ pid, file, test }: Marker): string {
  const where = test === undefined ? `while it ran ${file}` : `in test "${test}" of ${file}`;
  return printable(`avf: process ${pid} died ${where}; its device and VMs went with it.`);
}

function read(path: string): Marker | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Marker;
  } catch {
    return undefined;
  }
}

function folderOf(runFolder: string): string {
  return join(runFolder, "running");
}

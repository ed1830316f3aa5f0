/**
 * A folder as an ext4 file system that depends on nothing but its names, its contents and which of its files are programs:
 * all belongs to root, and owners, times, modes and the order of names on the host do not count.
 */
import { readdir, readlink, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InfrastructureError } from "../base/errors.js";
import type { BuildTools } from "../process/programs/build-tools.js";
import { CommandFailedError, run, type CommandResult } from "../process/run.js";

/** Of every file, and of the file system: 1 January 2025. */
const TIME_SECONDS = 1_735_689_600;
const TIMEOUT_MS = 300_000;

export interface Ext4Options {
  /** The finished file system; what is there is replaced. */
  readonly imagePath: string;
  readonly bytes: number;
  readonly label: string;
  /** Of the file system, and of the hashes of its names. */
  readonly uuid: string;
  /** More for mke2fs, e.g. `-O`. */
  readonly options: readonly string[];
  /** What is in it. Default: nothing. */
  readonly content?: string | undefined;
  readonly tools: BuildTools;
  readonly signal?: AbortSignal | undefined;
}

export async function writeExt4({ imagePath, bytes, label, uuid, options, ...rest }: Ext4Options): Promise<void> {
  const { content, tools, signal } = rest;
  // On Debian a host's own mke2fs lies where only root looks for programs.
  const env = {
    ...{ SOURCE_DATE_EPOCH: String(TIME_SECONDS), E2FSPROGS_FAKE_TIME: String(TIME_SECONDS), LC_ALL: "C" },
    PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`,
  };
  await rm(imagePath, { force: true });
  const extended = ["root_owner=0:0", `hash_seed=${uuid}`, "lazy_itable_init=1", "lazy_journal_init=1"];
  const mke2fs = [tools.mke2fs, "-q", "-F", "-t", "ext4", "-m", "0", "-L", label, "-U", uuid, "-E", extended.join(",")];
  try {
    await run([...mke2fs, ...options, imagePath, `${bytes / 1024}k`], { timeoutMs: TIMEOUT_MS, signal, env });
    if (content === undefined) return;
    const script = `${imagePath}.requests`;
    await writeFile(script, (await requests(content, "/")).map((line) => `${line}\n`).join(""));
    const result = await run([tools.debugfs, "-w", "-f", script, imagePath], { timeoutMs: TIMEOUT_MS, signal, env });
    await rm(script);
    requireDone(result);
  } catch (error) {
    if (!(error instanceof CommandFailedError) || !/No space|not enough space|not allocate/i.test(error.message)) {
      throw error;
    }
    throw new InfrastructureError("NO_SPACE", `No space for the ${label} file system of the device image.`, {
      cause: error,
    });
  }
}

/** What debugfs is asked for, so that all that is below `folder` lies in `target`. */
async function requests(folder: string, target: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const sorted = entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const lines: string[] = [];
  for (const entry of sorted) {
    const path = join(folder, entry.name);
    const name = quote(entry.name);
    lines.push(`cd ${quote(target)}`);
    if (entry.isDirectory()) {
      lines.push(`mkdir ${name}`, ...(await requests(path, join(target, entry.name))));
    } else if (entry.isSymbolicLink()) {
      lines.push(`symlink ${name} ${quote(await readlink(path))}`);
    } else {
      const mode = ((await stat(path)).mode & 0o100) === 0 ? "0100644" : "0100755";
      lines.push(`write ${quote(path)} ${name}`, `set_inode_field ${name} mode ${mode}`);
    }
  }
  return lines;
}

/** In debugfs's requests a quote within quotes is doubled. */
function quote(text: string): string {
  if (/[\n\0]/.test(text)) throw new Error(`no name for a file of an image: ${JSON.stringify(text)}`);
  return `"${text.replaceAll('"', '""')}"`;
}

/** debugfs ends well whatever becomes of its requests, and says what failed beside the name of its version. */
function requireDone(result: CommandResult): void {
  const complaints = result.stderr.split("\n").filter((line) => line !== "" && !/^debugfs [\d.]+ \(/.test(line));
  if (complaints.length > 0) throw new CommandFailedError({ ...result, exitCode: 1, stderr: complaints.join("\n") });
}

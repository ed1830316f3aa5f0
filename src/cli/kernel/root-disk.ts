/** `--rootfs DIR --rootfs-as-disk`: a folder as an ext4 disk, made with the host's mke2fs, without root. */
import { randomUUID } from "node:crypto";
import { lstat, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openCache, PRIVATE_FOLDER } from "../../base/cache/cache.js";
import { InfrastructureError, UsageError } from "../../base/errors.js";
import type { InitramfsFile } from "../../images/index.js";
import { draftOf, sweepDrafts } from "../../process/drafts.js";
import { findProgram } from "../../process/programs/find-program.js";
import { run } from "../../process/run.js";

export interface RootDisk {
  readonly path: string;
  /** Takes the file away. Repeatable. */
  remove(): Promise<void>;
}

const BLOCK_BYTES = 4096;
/** For what the VM writes. */
const FREE_BYTES = 64 << 20;
const TIMEOUT_MS = 10 * 60_000;

interface RootDiskOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whose files belong to root on the disk. Default: who runs this. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/**
 * What the caller's user owns belongs to root in it; modes, links and other owners are as they are. It lies in the cache as a
 * draft, so that the next run takes it away if this one is killed.
 * @param files of the folder
 */
export async function rootDisk(
  folder: string,
  files: ReadonlyMap<string, InitramfsFile>,
  { signal, owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 } }: RootDiskOptions = {},
): Promise<RootDisk> {
  const [mke2fs, debugfs] = [tool("mke2fs"), tool("debugfs")];
  let blocks = 0;
  const requests: string[] = [];
  for (const path of [...files.keys(), ...(await otherFiles(folder, files))]) {
    const { uid, gid, size } = await lstat(join(folder, path));
    // With its inode, and its name in a folder.
    blocks += Math.ceil(size / BLOCK_BYTES) + 1;
    if (uid === owner.uid && uid !== 0) requests.push(setToZero(path, "uid"));
    if (gid === owner.gid && gid !== 0) requests.push(setToZero(path, "gid"));
  }
  // Tables and journal of the file system take a tenth at most.
  const bytes = Math.ceil((blocks * BLOCK_BYTES * 1.1 + FREE_BYTES) / (1 << 20)) * (1 << 20);
  const disks = join(openCache(), "root-disks");
  // Of runs that were killed.
  await sweepDrafts(disks);
  const draft = draftOf(join(disks, randomUUID()));
  await mkdir(draft, { recursive: true, mode: PRIVATE_FOLDER });
  const remove = (): Promise<void> => rm(draft, { recursive: true, force: true });
  const path = join(draft, "root.img");
  try {
    const options = ["-q", "-F", "-t", "ext4", "-m", "0", "-b", `${BLOCK_BYTES}`, "-E", "root_owner=0:0"];
    const inodes = ["-N", `${files.size + 8192}`];
    const limits = { timeoutMs: TIMEOUT_MS, signal, diesWithUs: true };
    await run([mke2fs, ...options, ...inodes, "-d", folder, path, `${bytes / 1024}k`], limits);
    if (requests.length > 0) {
      const script = join(draft, "requests");
      await writeFile(script, requests.join(""));
      const result = await run([debugfs, "-w", "-f", script, path], limits);
      const complaint = result.stderr.split("\n").find((line) => line !== "" && !/^debugfs [\d.]+ \(/.test(line));
      if (complaint !== undefined) throw new InfrastructureError("ROOT_DISK", `debugfs: ${complaint}`);
    }
    return { path, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Pipes, sockets and devices, which an archive leaves out and mke2fs takes along. */
async function otherFiles(folder: string, files: ReadonlyMap<string, InitramfsFile>): Promise<readonly string[]> {
  const folders = [...files].flatMap(([path, file]) => (typeof file === "object" && "folder" in file ? [path] : []));
  const paths: string[] = [];
  for (const within of ["", ...folders]) {
    const names = await readdir(join(folder, within));
    paths.push(...names.map((name) => join(within, name)).filter((path) => !files.has(path)));
  }
  return paths;
}

function tool(name: string): string {
  const found = findProgram(name);
  if (found !== undefined) return found;
  const hint = "it is in e2fsprogs; without --rootfs-as-disk the folder becomes an initramfs";
  throw new UsageError("NO_SUCH_FILE", `There is no ${name} on this host, which makes a disk of a folder.`, { hint });
}

/** In debugfs's requests a quote within quotes is doubled. */
function setToZero(path: string, field: "uid" | "gid"): string {
  if (path.includes("\n")) {
    throw new UsageError("BAD_IMAGE_FILE", `${JSON.stringify(path)} cannot be on a disk: a line ends in its name.`);
  }
  return `set_inode_field "/${path.replaceAll('"', '""')}" ${field} 0\n`;
}

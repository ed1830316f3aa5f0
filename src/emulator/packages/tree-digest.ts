/**
 * Unpacked packages are run and copied into images long after apt has checked them. A digest is taken when they are
 * unpacked, and compared when they are used for the first time after each boot of this host: a disk that lost something, or
 * a hand that changed something, is told instead of run. It does not protect from who may write to the cache: that is done
 * by the cache's own owner and mode.
 */
import { createHash } from "node:crypto";
import { lstat, readdir, readFile, readlink, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../../base/files/atomic-file.js";
import { InfrastructureError } from "../../base/errors.js";

interface TreeRecord {
  readonly sha256: string;
  /** Of the boot in which it was compared last. */
  readonly bootId: string;
}

export const TREE_RECORD = "tree.json";
const NO_ROOM: readonly (string | undefined)[] = ["ENOSPC", "EDQUOT"];

/** To be called when the tree was unpacked. @param folder holds the tree, as `root` */
export async function recordTree(folder: string): Promise<void> {
  await writeRecord(folder, {
    sha256: await digestTree(join(folder, "root")),
    bootId: currentBoot(await readBootId()),
  });
}

/** Forgets the digest; a tree without one gets it at its next use. */
export async function forgetTree(folder: string): Promise<void> {
  await rm(join(folder, TREE_RECORD), { force: true });
}

/**
 * Compares, if that was not done since this host was booted.
 * @param tree name of the tree in the folder
 * @throws InfrastructureError `PACKAGES_CHANGED`
 */
export async function verifyTree(folder: string, tree = "root", bootIdPath?: string): Promise<void> {
  const record = await readRecord(folder);
  const bootId = currentBoot(await readBootId(bootIdPath));
  if (record !== undefined && record.bootId === bootId) return;
  const sha256 = await compare(folder, tree, record);
  // It saves the next process this work, no more: a full disk has its own error where space is needed.
  await writeRecord(folder, { sha256, bootId }).catch((error: unknown) => {
    if (!NO_ROOM.includes((error as NodeJS.ErrnoException).code)) throw error;
  });
}

/** The same whenever it was compared before, and without noting that it was. */
export async function inspectTree(folder: string, tree = "root"): Promise<void> {
  await compare(folder, tree, await readRecord(folder));
}

async function compare(folder: string, tree: string, record: TreeRecord | undefined): Promise<string> {
  const sha256 = await digestTree(join(folder, tree));
  if (record !== undefined && record.sha256 !== sha256) {
    throw new InfrastructureError(
      "PACKAGES_CHANGED",
      `The programs in ${join(folder, tree)} are not as they were unpacked.`,
      {
        hint: "npx avf setup --fresh downloads them again; if it happens again, check the disk, and who may write there",
      },
    );
  }
  return sha256;
}

/** Names, kinds, modes, link targets and content of all that is in the folder. */
async function digestTree(root: string): Promise<string> {
  const hash = createHash("sha256");
  const visit = async (path: string): Promise<void> => {
    const names = (await readdir(join(root, path))).sort();
    for (const name of names) {
      const below = join(path, name);
      const full = join(root, below);
      const status = await lstat(full);
      const note = (kind: string, content: string): void =>
        void hash.update(`${JSON.stringify([below, kind, status.mode, content])}\n`);
      if (status.isDirectory()) {
        note("folder", "");
        await visit(below);
      } else if (status.isSymbolicLink()) note("link", await readlink(full));
      else if (status.isFile())
        note(
          "file",
          createHash("sha256")
            .update(await readFile(full))
            .digest("hex"),
        );
      else note("other", "");
    }
  };
  await visit("");
  return hash.digest("hex");
}

async function readRecord(folder: string): Promise<TreeRecord | undefined> {
  try {
    const value = JSON.parse(await readFile(join(folder, TREE_RECORD), "utf8")) as Partial<TreeRecord>;
    return typeof value.sha256 === "string" && typeof value.bootId === "string"
      ? { sha256: value.sha256, bootId: value.bootId }
      : undefined;
  } catch {
    return undefined;
  }
}

async function writeRecord(folder: string, record: TreeRecord): Promise<void> {
  await writeFileAtomic(join(folder, TREE_RECORD), JSON.stringify(record));
}

function readBootId(path = "/proc/sys/kernel/random/boot_id"): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

/** Where a boot has no name, each process compares again. */
function currentBoot(bootId: string | undefined): string {
  return bootId?.trim() || `process ${process.pid} ${Date.now()}`;
}

/** `avf apk build DIR OUT.apk`: an APK from a folder, signed v2 + v3, aligned, without an Android SDK. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ApkError, buildApk, throwAwayKey } from "../../apk/index.js";
import { writeFileAtomic } from "../../base/files/atomic-file.js";
import { replacedFile } from "../../base/files/replaced-file.js";
import { answer } from "./apk-command.js";
import { readSigningKey } from "./apk-options.js";

const MAX_FILES = 10_000;
const MAX_TOTAL_BYTES = 1024 * 1024 * 1024;

export async function runApkBuild(args: readonly string[]): Promise<number> {
  return answer("apk build", args, { least: 2, most: 2 }, async ({ values, positionals }) => {
    const [folder, target] = positionals as [string, string];
    const replaced = replacedFile(target);
    const key = (await readSigningKey(values.key, values.cert)) ?? throwAwayKey();
    const apk = await buildApk(await readFolder(folder, replaced.path), { key, compress: values.compress ?? false });
    await writeFileAtomic(replaced.path, apk, replaced);
    process.stdout.write(`${target}: ${apk.length} bytes, signed v2 + v3 with ${key.algorithm.name}\n`);
    return 0;
  });
}

/**
 * Regular files below the folder, by entry name. Links are refused: an APK has no such thing.
 * @param target the APK, which may lie in the folder: that of an earlier build does not go into the next
 */
async function readFolder(folder: string, target: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const before = await stat(target).catch(() => undefined);
  let totalBytes = 0;
  const visit = async (prefix: string): Promise<void> => {
    for (const item of await readdir(join(folder, prefix), { withFileTypes: true })) {
      const name = `${prefix}${item.name}`;
      if (item.isDirectory()) {
        await visit(`${name}/`);
        continue;
      }
      if (!item.isFile()) throw refuse(name, "is neither a file nor a folder");
      const found = await stat(join(folder, name));
      if (before?.ino === found.ino && before.dev === found.dev) continue;
      totalBytes += found.size;
      if (files.size >= MAX_FILES) throw refuse(name, `is one file more than ${MAX_FILES}`);
      if (totalBytes > MAX_TOTAL_BYTES) throw refuse(name, `takes the folder over ${MAX_TOTAL_BYTES} bytes`);
      files.set(name, await readFile(join(folder, name)));
    }
  };
  await visit("");
  return files;
}

function refuse(name: string, reason: string): ApkError {
  return new ApkError("BAD_SOURCE_FOLDER", `${name} ${reason}`, { field: name });
}

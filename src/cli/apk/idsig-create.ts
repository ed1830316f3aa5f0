/** `avf idsig create APK [OUT]`: the bytes that `vm create-idsig` writes on a device, or signed as apksigner does. */
import { open, rename, rm, stat } from "node:fs/promises";
import {
  openFileSource,
  writeIdsig,
  type CreateIdsigOptions,
  type FileSource,
  type IdsigHeader,
} from "../../apk/index.js";
import { UsageError } from "../../base/errors.js";
import { replacedFile, type ReplacedFile } from "../../base/files/replaced-file.js";
import { answer } from "./apk-command.js";
import { parseSdk, readSigningKey } from "./apk-options.js";

export async function runIdsigCreate(args: readonly string[]): Promise<number> {
  return answer("idsig create", args, { least: 1, most: 2 }, async ({ values, positionals }) => {
    const [apkPath, target = `${apkPath}.idsig`] = positionals as [string, string?];
    const key = await readSigningKey(values.key, values.cert);
    const options = { dialect: parseRelease(values.release), sdk: parseSdk(values.sdk), key };
    await using apk = await openFileSource(apkPath);
    const replaced = replacedFile(target);
    if (await isSameFile(apkPath, replaced.path)) {
      throw new UsageError("BAD_ARGUMENTS", `The idsig would take the place of its APK, ${apkPath}.`, {
        hint: "name another file",
      });
    }
    const { hashingInfo } = await writeFile(apk, replaced, options);
    process.stdout.write(`${target}: root hash ${hashingInfo.rootHash.toString("hex")}\n`);
    return 0;
  });
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => stat(path).catch(() => undefined)));
  return a !== undefined && a.ino === b?.ino && a.dev === b.dev;
}

function parseRelease(text = "15"): 13 | 15 {
  if (text === "13") return 13;
  if (text === "15") return 15;
  throw new UsageError("BAD_RELEASE", `--release is 13 or 15, not ${text}`);
}

/** Written under a temporary name, in bounded memory, whatever the APK's size. */
async function writeFile(
  apk: FileSource,
  { path, mode }: ReplacedFile,
  options: CreateIdsigOptions,
): Promise<IdsigHeader> {
  const temporary = `${path}.${process.pid}.tmp`;
  // A file of that name that is there already is somebody else's, and stays.
  const file = await open(temporary, "wx", mode);
  try {
    try {
      const sink = {
        write: async (offset: number, bytes: Uint8Array) => {
          for (let done = 0; done < bytes.length;) {
            done += (await file.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
          }
        },
      };
      const header = await writeIdsig(apk, sink, options);
      await file.sync();
      await rename(temporary, path);
      return header;
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

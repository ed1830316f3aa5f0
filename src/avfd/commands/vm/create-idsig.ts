/** `vm create-idsig APK PATH`. */
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { traitsOf } from "../../../base/android-release.js";
import { fileHandleSource, writeIdsig } from "../../../apk/index.js";
import type { Caller } from "../../caller.js";
import type { Device } from "../../device.js";
import { VM_PERMISSIONS } from "../../packages/package-record.js";
import { ServiceError } from "../../virtualization/service-error.js";
import { requirePermission } from "../../virtualization/access-checks.js";
import type { ParsedArguments } from "./command-line/arguments.js";
import { debugString, withContext } from "./rust-text.js";

/** What the tool says of a step that fails, where it says anything itself: it differs between the commands. */
interface IdsigWords {
  readonly open?: string;
  readonly fill?: string;
}

export async function createIdsigFile(device: Device, caller: Caller, args: ParsedArguments): Promise<number> {
  const [apkPath = "", idsigPath = ""] = args.positionals;
  const apk = await withContext(`Failed to open ${debugString(apkPath)}`, () =>
    caller.open(apkPath, constants.O_RDONLY),
  );
  try {
    await writeIdsigFile(device, caller, apk, idsigPath, {
      open: `Failed to create/open ${debugString(idsigPath)}`,
      fill: `Failed to create/update idsig for ${debugString(apkPath)}`,
    });
  } finally {
    await apk.close();
  }
  return 0;
}

/** Creates or truncates the file and fills it, as the service does for `create-idsig` and `run-app`. */
export async function writeIdsigFile(
  { packages, identity, knownApks }: Device,
  caller: Caller,
  apk: FileHandle,
  idsigPath: string,
  words: IdsigWords = {},
): Promise<void> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC;
  const idsig = await withWords(words.open, () => caller.open(idsigPath, flags));
  try {
    await withWords(words.fill, async () => {
      requirePermission(packages, caller.uid, VM_PERMISSIONS.manage);
      const { release } = identity;
      if (!(await apk.stat()).isFile()) throw new ServiceError("EX_SERVICE_SPECIFIC", "input is not a regular file");
      const sink = {
        write: async (offset: number, bytes: Uint8Array) => {
          for (let done = 0; done < bytes.length;) {
            done += (await idsig.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
          }
        },
      };
      const whole = await knownApks.idsig(apk, release, caller.gone);
      if (whole !== undefined) return sink.write(0, whole);
      await writeIdsig(await fileHandleSource(apk), sink, {
        dialect: traitsOf(release).service.formats,
        sdk: traitsOf(release).sdk,
        signal: caller.gone,
      });
    });
  } finally {
    await idsig.close();
  }
}

function withWords<T>(words: string | undefined, work: () => Promise<T>): Promise<T> {
  return words === undefined ? work() : withContext(words, work);
}

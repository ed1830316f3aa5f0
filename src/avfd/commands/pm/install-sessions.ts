/** `pm install` in one go, and in the three steps that adb uses for streams. */
import { constants } from "node:fs";
import { CallerFileError, type Caller } from "../../caller.js";
import { InstallError, type InstallOptions } from "../../packages/install-checks.js";
import type { ApkBytes, Installer, StagedApk } from "../../packages/installer.js";
import { illegal, takeOptions, type TakenOptions } from "./options.js";

/** Options that change nothing on this device are accepted, for the tools that send them. */
const INSTALL_OPTIONS = {
  flags: [
    ..."-r -R -t -d -g -f -l -s -q".split(" "),
    ..."--dont-kill --force-queryable --full --instant --no-incremental --wait --staged --apex".split(" "),
    ..."--bypass-low-target-sdk-block --skip-verification --restrict-permissions --request-downgrade".split(" "),
  ],
  valued:
    "-i -S -p --user --abi --install-location --install-reason --originating-uri --pkg --dexopt-compiler-filter".split(
      " ",
    ),
};

const MAX_APK_BYTES = 2 ** 32;

interface Session {
  readonly staged: StagedApk;
  readonly options: InstallOptions;
  hasBase: boolean;
}

export class InstallSessions {
  readonly #sessions = new Map<number, Session>();
  #lastId = 1_000_000;

  constructor(private readonly installer: Installer) {}

  async install(caller: Caller, args: readonly string[]): Promise<number> {
    const taken = takeOptions(args, INSTALL_OPTIONS);
    const [path, ...splits] = taken.positionals;
    if (splits.length > 0) throw illegal("Split APKs are not supported on this device");
    if (path === undefined && !taken.values.has("-S"))
      throw illegal("must either specify a package size or an APK file");
    const staged = await this.installer.stage();
    return report(caller, staged, async () => {
      await staged.write(apkBytes(caller, path, readSize(taken)));
      await staged.commit(installOptions(taken));
      return "Success";
    });
  }

  async create(caller: Caller, args: readonly string[]): Promise<number> {
    const options = installOptions(takeOptions(args, INSTALL_OPTIONS));
    const id = ++this.#lastId;
    this.#sessions.set(id, { staged: await this.installer.stage(), options, hasBase: false });
    caller.print(`Success: created install session [${id}]`);
    return 0;
  }

  async write(caller: Caller, args: readonly string[]): Promise<number> {
    const taken = takeOptions(args, { flags: [], valued: ["-S"] });
    const [id, , path] = taken.positionals;
    const { session } = this.#find(id);
    if (session.hasBase) throw illegal("Split APKs are not supported on this device");
    session.hasBase = true;
    return report(caller, session.staged, async () => {
      const size = await session.staged.write(apkBytes(caller, path, readSize(taken)));
      return `Success: streamed ${size} bytes`;
    });
  }

  async commit(caller: Caller, [id]: readonly string[]): Promise<number> {
    const { session, number } = this.#find(id);
    this.#sessions.delete(number);
    return report(caller, session.staged, async () => {
      await session.staged.commit(session.options);
      return "Success";
    });
  }

  async abandon(caller: Caller, [id]: readonly string[]): Promise<number> {
    const { session, number } = this.#find(id);
    this.#sessions.delete(number);
    await session.staged.abandon();
    caller.print("Success");
    return 0;
  }

  #find(id: string | undefined): { readonly session: Session; readonly number: number } {
    const number = Number(id);
    const session = this.#sessions.get(number);
    if (!session) throw illegal(`No such session: ${id ?? ""}`);
    return { session, number };
  }
}

/** Prints the outcome as installers expect it; a failed install leaves nothing behind. */
async function report(caller: Caller, staged: StagedApk, work: () => Promise<string>): Promise<number> {
  try {
    caller.print(await work());
    return 0;
  } catch (error) {
    await staged.abandon();
    if (error instanceof InstallError) {
      caller.print(`Failure [${error.code}: ${error.message}]`);
      return 1;
    }
    if (error instanceof CallerFileError) {
      caller.printError(`Error: Unable to open file: ${error.path}`);
      if (!error.path.startsWith("/data/local/tmp/")) {
        caller.printError("Consider using a file under /data/local/tmp/");
      }
      throw illegal(`Error: Can't open file: ${error.path}`);
    }
    throw error;
  }
}

/** From a file, opened with the caller's rights, or from its stdin. */
async function* apkBytes(caller: Caller, path: string | undefined, size: number | undefined): ApkBytes {
  if (path === undefined || path === "-") {
    yield* inputBytes(caller, size);
    return;
  }
  const file = await caller.open(path, constants.O_RDONLY);
  try {
    for await (const piece of file.createReadStream({ autoClose: false, highWaterMark: 256 * 1024 })) {
      yield piece as Buffer;
    }
  } finally {
    await file.close();
  }
}

async function* inputBytes(caller: Caller, size: number | undefined): ApkBytes {
  if (size === undefined) throw illegal("must specify a APK size");
  for (let left = size; left > 0;) {
    const piece = await caller.readInput(Math.min(left, 64 * 1024));
    if (!piece) throw new InstallError("INSTALL_FAILED_INVALID_APK", `the APK ended ${left} of ${size} bytes early`);
    yield piece;
    left -= piece.length;
  }
}

function readSize({ values }: TakenOptions): number | undefined {
  const text = values.get("-S");
  if (text === undefined) return undefined;
  const size = Number(text);
  if (!Number.isSafeInteger(size) || size <= 0) throw illegal(`Invalid size: ${text}`);
  if (size > MAX_APK_BYTES) throw new InstallError("INSTALL_FAILED_INSUFFICIENT_STORAGE", `${size} bytes are too many`);
  return size;
}

function installOptions({ flags, values }: TakenOptions): InstallOptions {
  return {
    replaceExisting: !flags.has("-R"),
    allowTestOnly: flags.has("-t"),
    allowDowngrade: flags.has("-d") || flags.has("--request-downgrade"),
    grantPermissions: flags.has("-g"),
    abi: values.get("--abi"),
  };
}

/** The QEMU that runs the device: out of its packages in the cache, with their libraries and firmware. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { inspectOwnership } from "../../base/cache/ownership.js";
import { InfrastructureError } from "../../base/errors.js";
import type { Progress } from "../../base/progress.js";
import { EMULATOR_PACKAGES } from "../packages/sets.js";
import { ensureUnpacked, forgetUnpacked, readPackagesManifest, treeOf } from "../packages/unpack.js";

/** The words before the options of a machine. */
export type EmulatorCommand = readonly string[];

const LIBRARIES = "usr/lib/x86_64-linux-gnu";
const PROGRAM = "usr/bin/qemu-system-x86_64";
/** Where releases with and without a merged /usr have the loader. */
const LOADERS = ["usr/lib64", "lib64"].map((folder) => `${folder}/ld-linux-x86-64.so.2`);

/** 8.1 is the first that locks pages before it translates them, see `EMULATOR_PACKAGES`; 8.2 loads states from files. */
const NEEDED = { major: 8, minor: 2 };

/** Downloads and unpacks it where it is missing. @throws InfrastructureError when the package sources have an old one only */
export async function ensureEmulator(cache: string, progress: Progress, signal?: AbortSignal): Promise<void> {
  await ensureUnpacked(cache, EMULATOR_PACKAGES, progress, signal);
  const version = (await emulatorVersion(cache)) ?? "";
  const [, major, minor] = /^(?:\d+:)?(\d+)\.(\d+)/.exec(version) ?? [];
  if (Number(major) > NEEDED.major || (Number(major) === NEEDED.major && Number(minor) >= NEEDED.minor)) return;
  await forgetEmulator(cache);
  throw new InfrastructureError(
    "QEMU_TOO_OLD",
    `The package sources have QEMU ${version}; below ${NEEDED.major}.${NEEDED.minor} the emulated device hangs now and then, or does not start.`,
    { hint: "see that the backports suite of this machine's release can be had from its package sources" },
  );
}

export async function forgetEmulator(cache: string): Promise<void> {
  await forgetUnpacked(cache, EMULATOR_PACKAGES);
}

/** Version of the one that is there, as its package says it; undefined when there is none. */
export async function emulatorVersion(cache: string): Promise<string | undefined> {
  const manifest = await readPackagesManifest(cache, EMULATOR_PACKAGES);
  const file = manifest?.packages.map((each) => each.file).find((name) => name.startsWith("qemu-system-x86_"));
  return file && decodeURIComponent(/^qemu-system-x86_(.*)_[a-z0-9]+\.deb$/.exec(file)?.[1] ?? "");
}

/** Also when it is not there yet: whoever starts it finds that out. */
export function emulatorCommand(cache: string): EmulatorCommand {
  const root = treeOf(cache, EMULATOR_PACKAGES);
  const loader =
    LOADERS.map((path) => join(root, path)).find((path) => existsSync(path)) ?? join(root, LOADERS[1] ?? "");
  for (const path of [loader, join(root, PROGRAM), join(root, LIBRARIES, "qemu")]) requireTrusted(path);
  const libraries = [LIBRARIES, "lib/x86_64-linux-gnu"].map((folder) => `${TREE}/${folder}`).join(":");
  return [
    ...["sh", "-c", START, "sh", root, loader],
    ...["--library-path", libraries, `${TREE}/${PROGRAM}`],
    ...["qemu", "seabios"].flatMap((folder) => ["-L", `${TREE}/usr/share/${folder}`]),
  ];
}

/** The loader splits a list of folders at ":" and ";", and expands "$": so it gets the tree by a descriptor, not by its path. */
const TREE = "/proc/self/fd/9";
/**
 * QEMU looks for its modules beside what it takes for its program, which is the loader here. Its files hold the memory of
 * machines: they are for nobody else to read.
 */
const START = `umask 077; QEMU_MODULE_DIR=${TREE}/${LIBRARIES}/qemu; export QEMU_MODULE_DIR; exec 9<"$1"; shift; exec "$@"`;

function requireTrusted(path: string): void {
  const problem = inspectOwnership(path);
  if (problem === undefined) return;
  throw new InfrastructureError("CACHE_UNTRUSTED", `${problem.reason}.`, {
    details: ["It is a part of the emulator that is run from the cache."],
    hint: `${problem.fix}; npx avf setup --fresh gets the emulator anew`,
  });
}

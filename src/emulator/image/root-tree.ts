/** The emulated device's root file system as a folder on the host, ready for mke2fs. */
import { cp, mkdir, readFile, realpath, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { installAvfd } from "../../avfd/image.js";
import { packageRoot } from "../../base/paths.js";
import { androidCommands, MKSHRC } from "../../guest/android-commands.js";
import { collectLibraries } from "../../guest/libraries.js";
import { installCrosvm } from "./crosvm.js";
import { install } from "./install.js";
import type { BuildTools } from "../../process/programs/build-tools.js";
import { FIRMWARE } from "../qemu/emulator.js";
import type { PackagesTree } from "./packages-tree.js";

interface RootTreeOptions {
  readonly packages: PackagesTree;
  readonly tools: BuildTools;
  readonly rootFolder: string;
  readonly workFolder: string;
  /** crosvm for the device (`AVF_CROSVM`), if any. */
  readonly crosvmPath: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Device folders that are links on Android, or that merge Debian's split of / and /usr. */
const LINKS: Readonly<Record<string, string>> = {
  bin: "system/bin",
  sbin: "system/bin",
  lib: "usr/lib",
  lib64: "usr/lib/x86_64-linux-gnu",
  "usr/lib64": "lib/x86_64-linux-gnu",
  "usr/sbin": "../system/bin",
  etc: "system/etc",
  var: "run",
};
const MOUNT_POINTS = ["proc", "sys", "dev", "tmp", "run", "data", "mnt", "system/xbin", "apex/com.android.virt/etc/fs"];

/** What Debian's Node reads at run time, at places that are compiled into it. */
const NODE_PARTS = [
  ...["nodejs/cjs-module-lexer/lexer.js", "nodejs/cjs-module-lexer/dist/lexer.js", "nodejs/undici/undici-fetch.js"],
  ...["nodejs/acorn/dist/acorn.js", "nodejs/acorn-walk/dist/walk.js", "nodejs/minimatch/dist/cjs/index.bundle.js"],
];

const PASSWD = "root:x:0:0:root:/:/system/bin/sh\nshell:x:2000:2000:shell:/data/local/tmp:/system/bin/sh\n";
const GROUP = "root:x:0:\ntty:x:5:shell\nshell:x:2000:\n";

/** Fills `rootFolder` with everything but the guest's images. */
export async function makeRootTree(options: RootTreeOptions): Promise<void> {
  const { rootFolder, packages } = options;
  for (const folder of [
    ...MOUNT_POINTS,
    "system/bin",
    "system/etc",
    "usr/bin",
    "usr/share",
    "usr/lib/x86_64-linux-gnu",
  ]) {
    await mkdir(join(rootFolder, folder), { recursive: true });
  }
  for (const [name, target] of Object.entries(LINKS)) await symlink(target, join(rootFolder, name));
  await installPrograms(options);
  await writeFile(join(rootFolder, "system/bin/getenforce"), "#!/system/bin/sh\necho Disabled\n", { mode: 0o755 });
  for (const name of [...FIRMWARE, ...NODE_PARTS]) {
    await cp(join(packages.root, "usr/share", name), join(rootFolder, "usr/share", name), { dereference: true });
  }
  await writeFile(join(rootFolder, "system/etc/passwd"), PASSWD);
  await writeFile(join(rootFolder, "system/etc/group"), GROUP);
  await install(MKSHRC, join(rootFolder, "system/etc/mkshrc"));
  await writeFile(join(rootFolder, "system/etc/hosts"), "127.0.0.1 localhost\n");
  await install(join(packageRoot, "src/emulator/image/init.sh"), join(rootFolder, "system/etc/init.sh"));
  const { workFolder, signal } = options;
  await installAvfd({ rootFolder, workFolder, gcc: options.tools.gcc, signal });
}

/** QEMU, adbd and Node with the libraries they need, at the places that are compiled into them. */
async function installPrograms({ packages, tools, rootFolder, crosvmPath, signal }: RootTreeOptions): Promise<void> {
  const programs = new Map([
    [join(packages.root, "usr/bin/qemu-system-x86_64"), "usr/bin/qemu-system-x86_64"],
    [join(packages.root, "usr/lib/android-sdk/platform-tools/adbd"), "system/bin/adbd"],
    [join(packages.root, "usr/bin/node"), "system/bin/node"],
  ]);
  const commands = await androidCommands(packages.root, tools, signal);
  for (const [name, path] of commands.programs) programs.set(path, `system/bin/${name}`);
  for (const [name, target] of commands.links) await symlink(target, join(rootFolder, "system/bin", name));
  for (const [source, target] of programs) await install(source, join(rootFolder, target));
  if (crosvmPath !== undefined) await installCrosvm(crosvmPath, packages.root, rootFolder, tools.readelf, signal);
  await disclaimAbb(join(rootFolder, "system/bin/adbd"));
  const libraries = await collectLibraries(packages.root, [...programs.keys()], new Set(), [], tools.readelf, signal);
  for (const [name, file] of libraries) {
    const folder = /\/(android|pulseaudio)\/[^/]*$/.exec(file)?.[1] ?? "";
    await install(await realpath(file), join(rootFolder, "usr/lib/x86_64-linux-gnu", folder, name));
  }
}

/**
 * Debian's adbd says it can run Android's package manager in its own process ("abb_exec"), which only an adbd of
 * Android's own build can; adb believes it, and `adb install` fails. Without the claim adb installs through `cmd`.
 */
async function disclaimAbb(adbd: string): Promise<void> {
  const program = await readFile(adbd);
  const claim = Buffer.from("abb_exec");
  for (let at = program.indexOf(claim); at >= 0; at = program.indexOf(claim, at))
    program.write("no_abb_x", at, "latin1");
  await writeFile(adbd, program);
}

/** Files of this folder that shape the tree, for the image's key. */
export function rootTreeInputs(): readonly string[] {
  return ["init.sh", "early-init.sh"].map((name) => join(packageRoot, "src/emulator/image", basename(name)));
}

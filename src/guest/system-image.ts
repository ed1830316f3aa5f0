/** The guest's system disk: a small read-only ext4 file system with libc, a shell, adbd, mkfs and the launcher. */
import { chmod, copyFile, mkdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InfrastructureError } from "../base/errors.js";
import { anyOf } from "../base/text/word-list.js";
import type { BuildTools } from "../process/programs/build-tools.js";
import { androidCommands, MKSHRC, type AndroidCommands } from "./android-commands.js";
import { writeExt4 } from "./ext4.js";
import { systemModules, type GuestModules } from "./kernel-modules.js";
import { collectLibraries } from "./libraries.js";
import type { GuestPrograms } from "./programs.js";

const LIBRARY_FOLDER = "lib/x86_64-linux-gnu";
const LOADER = "ld-linux-x86-64.so.2";
/** Where Debian's packages have each program, newest layout last. */
const formatterPaths = ["sbin/mke2fs", "usr/sbin/mke2fs"];
const adbdPaths = ["usr/lib/android-sdk/platform-tools/adbd", "usr/sbin/adbd", "usr/bin/adbd"];
/** Nothing of ours needs them, but payloads that were linked against an older C library name them. */
const payloadLibraries = ["libdl.so.2", "libpthread.so.0", "librt.so.1"];
/** Loaded by name, when something crashed. */
const UNWINDER = "libdw.so.1";
/** Mount points and folders that programs expect. */
const emptyFolders = ["proc", "sys", "dev", "data", "mnt", "tmp", "etc", "usr/lib", "lib64", "vendor"];
const BLOCK_BYTES = 4096;

interface SystemImageOptions {
  readonly packagesRoot: string;
  readonly modules: GuestModules;
  readonly programs: GuestPrograms;
  /** Folder to lay the files out in; emptied first. */
  readonly treeFolder: string;
  readonly imagePath: string;
  readonly tools: BuildTools;
  readonly signal?: AbortSignal | undefined;
}

export async function writeSystemImage(options: SystemImageOptions): Promise<void> {
  const { packagesRoot, treeFolder, programs, tools, signal } = options;
  const commands = await androidCommands(packagesRoot, tools, signal);
  const adbd = await firstExisting(packagesRoot, adbdPaths, "adbd");
  const formatter = await firstExisting(packagesRoot, formatterPaths, "e2fsprogs");
  const libraries = await collectLibraries(
    packagesRoot,
    [adbd, formatter, ...dynamicPrograms(commands), ...programsOfGuest(programs)],
    new Set(["libvm_payload.so", "liblog.so"]),
    [...payloadLibraries, UNWINDER],
    tools.readelf,
    signal,
  );
  const tree = new Tree(treeFolder);
  await tree.start();
  for (const [name, path] of commands.programs) await tree.add(`system/bin/${name}`, path, 0o755);
  await tree.add("system/bin/adbd", adbd, 0o755);
  // Under another name than busybox's own mke2fs, which knows no journals.
  await tree.add("system/bin/mkfs.ext4", formatter, 0o755);
  await tree.add("system/bin/microdroid_launcher", programs.launcher, 0o755);
  await tree.add("system/bin/getprop", programs.getprop, 0o755);
  await tree.link("system/bin/setprop", "getprop");
  await tree.add("system/lib/adbd-ready.so", programs.adbdReady, 0o755);
  await tree.add("system/bin/crash_dump64", programs.crashDump, 0o755);
  await tree.add("system/bin/logcat", programs.logcat, 0o755);
  await tree.add("system/bin/dice_chain", programs.dice, 0o755);
  await tree.add("system/bin/su", programs.su, 0o755);
  // What it is on a kernel without SELinux.
  await tree.program("system/bin/getenforce", "#!/system/bin/sh\necho Disabled\n");
  for (const [name, target] of commands.links) await tree.link(`system/bin/${name}`, target);
  for (const [name, path] of libraries) await tree.add(`${LIBRARY_FOLDER}/${name}`, path, 0o755);
  await tree.add(`${LIBRARY_FOLDER}/libvm_payload.so`, programs.payloadLibrary, 0o755);
  await tree.add(`${LIBRARY_FOLDER}/liblog.so`, programs.log, 0o755);
  await tree.link(`lib64/${LOADER}`, `../${LIBRARY_FOLDER}/${LOADER}`);
  await addModules(tree, options.modules);
  for (const folder of ["bin", "sbin"]) await tree.link(folder, "system/bin");
  await tree.link("usr/bin", "../system/bin");
  await tree.write(
    "etc/passwd",
    "root:x:0:0:root:/data/local/tmp:/system/bin/sh\nshell:x:2000:2000::/data/local/tmp:/system/bin/sh\npayload:x:6000:6000::/:/system/bin/sh\n",
  );
  await tree.add("system/etc/mkshrc", MKSHRC, 0o644);
  await tree.write("etc/group", "root:x:0:\nshell:x:2000:\npayload:x:6000:\n");
  await makeExt4(treeFolder, await tree.bytes(), options);
}

/** A folder that becomes a file system. Modes are set by hand, whatever the umask. */
class Tree {
  readonly #sizes: number[] = [];

  constructor(private readonly root: string) {}

  async start(): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
    for (const folder of emptyFolders) await mkdir(join(this.root, folder), { recursive: true });
  }

  async add(name: string, source: string, mode: number): Promise<void> {
    const target = await this.#place(name);
    await copyFile(source, target);
    await chmod(target, mode);
    this.#sizes.push((await stat(target)).size);
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(await this.#place(name), text, { mode: 0o644 });
    this.#sizes.push(text.length);
  }

  async program(name: string, text: string): Promise<void> {
    await this.write(name, text);
    await chmod(join(this.root, name), 0o755);
  }

  /** Leaves a name alone that is taken. */
  async link(name: string, target: string): Promise<void> {
    const path = await this.#place(name);
    await symlink(target, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    this.#sizes.push(0);
  }

  /** What the files take on a disk, with their inodes. */
  async bytes(): Promise<number> {
    return this.#sizes.reduce((sum, size) => sum + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES + 512, 0);
  }

  async #place(name: string): Promise<string> {
    const path = join(this.root, name);
    await mkdir(dirname(path), { recursive: true });
    return path;
  }
}

/** Those that are linked with libraries. */
function programsOfGuest(programs: GuestPrograms): readonly string[] {
  const { launcher, payloadLibrary, getprop, adbdReady, crashDump, dice, log, logcat, su } = programs;
  return [launcher, payloadLibrary, getprop, adbdReady, crashDump, dice, log, logcat, su];
}

/** Busybox is one file with all that it needs. */
function dynamicPrograms({ programs }: AndroidCommands): readonly string[] {
  return [...programs].flatMap(([name, path]) => (name === "busybox" ? [] : [path]));
}

async function addModules(tree: Tree, { groups, files }: GuestModules): Promise<void> {
  for (const group of Object.keys(systemModules) as (keyof typeof systemModules)[]) {
    const names = groups[group];
    for (const name of names) await tree.add(`system/lib/modules/${name}.ko`, files.get(name) ?? "", 0o644);
    await tree.write(`system/lib/modules/${group}.list`, `${names.join("\n")}\n`);
  }
}

/** Without journal and checksums: it is never written to, and mounts faster. */
async function makeExt4(content: string, contentBytes: number, options: SystemImageOptions): Promise<void> {
  const { imagePath, tools, signal } = options;
  const features = "none,extent,filetype,sparse_super,large_file,dir_index";
  await writeExt4({
    ...{ imagePath, tools, signal, content, label: "system", uuid: "6d6963f0-0001-4a56-8000-61766673797d" },
    bytes: Math.ceil((contentBytes * 1.08) / 2 ** 20 + 1) * 2 ** 20,
    options: ["-O", features, "-b", String(BLOCK_BYTES), "-N", "1024"],
  });
}

async function firstExisting(packagesRoot: string, names: readonly string[], packageName: string): Promise<string> {
  for (const name of names) {
    const path = join(packagesRoot, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() === true) return path;
  }
  throw new InfrastructureError("PACKAGE_FILE_MISSING", `${anyOf(names)} is missing below ${packagesRoot}.`, {
    hint: `it comes with the package ${packageName}; npx avf setup downloads and unpacks it again`,
  });
}

import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { BuildTools } from "../process/programs/build-tools.js";
import { HOST_BUILD_TOOLS } from "../process/testing/host-build-tools.js";
import { run } from "../process/run.js";
import { buildGuestImages, checkInitramfsSize, guestInputs } from "./image.js";
import { initramfsModules, systemModules } from "./kernel-modules.js";
import { parseNeeded } from "./libraries.js";
import { packagedGcc } from "./testing/packaged-gcc.js";

/** A module that the kernel has in itself, and no package has a file of. */
const BUILT_IN = "virtio_ring";

let folder: string;
let outFolder: string;

/** Packages in miniature: programs of the host stand for the guest's, modules hold nothing but their names. */
async function fakePackages(root: string, kernelVersion: string): Promise<void> {
  const modules = join(root, "lib/modules", kernelVersion, "kernel/drivers");
  for (const path of ["bin", "usr/lib/android-sdk/platform-tools"]) await mkdir(join(root, path), { recursive: true });
  await mkdir(modules, { recursive: true });
  const lists = { busybox: "sh\\nls\\nvi\\n[\\n../evil\\ngetprop\\nsu\\n", "names-of-toybox": "[ ls ps su\\n" };
  await mkdir(join(root, "usr/bin"), { recursive: true });
  for (const [name, list] of Object.entries(lists)) {
    await writeFile(join(root, "usr/bin", name), `#!/bin/sh\nprintf '${list}'\n`, { mode: 0o755 });
  }
  for (const name of ["toybox", "mksh"]) await symlink("/bin/true", join(root, "usr/bin", name));
  await symlink(process.execPath, join(root, "usr/lib/android-sdk/platform-tools/adbd"));
  await mkdir(join(root, "sbin"));
  await symlink("/bin/true", join(root, "sbin/mke2fs"));
  for (const libraries of ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu", "lib64"]) {
    await mkdir(join(root, libraries, ".."), { recursive: true });
    await symlink(join("/", libraries), join(root, libraries));
  }
  // For hosts that have none of these.
  for (const name of ["libdw.so.1", "liblog.so.0"]) {
    const options = ["-shared", `-Wl,-soname,${name}`, "-o", join(root, "usr/lib", name)];
    await run(["gcc", ...options, "-x", "c", "/dev/null"]);
  }
  for (const name of Object.values({ ...initramfsModules, ...systemModules }).flat()) {
    if (name === BUILT_IN) continue;
    // Debian's files have either sign in their names.
    const file = join(modules, `${name.replace("vmw_vsock_virtio_transport", "vmw_vsock-virtio-transport")}.ko`);
    const depends = name === "vsock" ? "vsock_helper" : "";
    await run(["gcc", "-g", "-c", "-x", "c", "-o", file, "-"], { input: moduleSource(name, depends) });
    // As from bookworm, and as from trixie.
    if (name.startsWith("dm")) await run(["xz", "--force", file]);
  }
  await run(["gcc", "-g", "-c", "-x", "c", "-o", join(modules, "vsock-helper.ko"), "-"], {
    input: moduleSource("vsock_helper", BUILT_IN),
  });
  const builtIn = join(root, "lib/modules", kernelVersion, "modules.builtin");
  await writeFile(builtIn, `kernel/drivers/virtio/${BUILT_IN}.ko\n`);
}

/** What a module says of itself lies in a section of its own. */
function moduleSource(name: string, depends: string): string {
  const info = `__attribute__((section(".modinfo"), used)) static const char info[] = "license=GPL\\0depends=${depends}";`;
  return `const char name[] = "module ${name}"; ${info}`;
}

/** The linker of the guest's init finds its libraries in the packages only. */
const tools = (packagesRoot: string): BuildTools => ({
  ...HOST_BUILD_TOOLS,
  gcc: packagedGcc().gcc,
  toybox: join(packagesRoot, "usr/bin/names-of-toybox"),
});

const debugfs = async (request: string): Promise<string> => {
  const env = { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };
  return (await run(["debugfs", "-R", request, join(outFolder, "microdroid_system.img")], { env })).stdout;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "jest-avf-guest-"));
  outFolder = join(folder, "out");
  const packagesRoot = join(folder, "packages");
  await fakePackages(packagesRoot, "6.1.0-test");
  const workFolder = join(folder, "work");
  await buildGuestImages({
    packagesRoot,
    kernelVersion: "6.1.0-test",
    outFolder,
    workFolder,
    tools: tools(packagesRoot),
  });
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the guest's images", () => {
  test("are three files, and nothing half-written is left", async () => {
    expect((await readdir(outFolder)).sort()).toEqual([
      "microdroid_cmdline",
      "microdroid_initrd.img",
      "microdroid_system.img",
    ]);
  });

  test("the initramfs holds a static init, a console and the modules in their order, and stays small", async () => {
    const archive = await readFile(join(outFolder, "microdroid_initrd.img"));
    const entries = readCpio(archive);
    expect(entries.get("modules/virtio.list")?.content.toString()).toBe("virtio\n");
    expect(entries.has("modules/virtio_ring.ko")).toBe(false);
    // With what it depends on, although nobody names that.
    expect(entries.get("modules/vsock.list")?.content.toString()).toMatch(/^vsock_helper\nvsock\n/);
    expect(entries.get("modules/vsock_helper.ko")?.content.toString("latin1")).toContain("module vsock_helper\0");
    // Compressed in the package, not in the initramfs.
    expect(entries.get("modules/dm_verity.ko")?.content.toString("latin1")).toContain("module dm-verity\0");
    const module = entries.get("modules/virtio_blk.ko")?.content.toString("latin1");
    expect(module).toContain("module virtio_blk\0");
    expect(module).not.toContain(".debug_info");
    expect(entries.get("dev/console")?.mode).toBe(0o020755);
    expect(entries.get("init")?.mode).toBe(0o100755);
    const init = join(folder, "init");
    await writeFile(init, entries.get("init")?.content ?? "");
    const { stdout } = await run(["readelf", "-l", init], { env: { LC_ALL: "C" } });
    expect(stdout).toContain("LOAD");
    expect(stdout).not.toContain("INTERP");
    expect(archive.length).toBeLessThan(4 << 20);
  });

  // The modules here are small stand-ins; the real ones are measured whenever an image is built.
  test("an initramfs of more than 4 MiB is not built", () => {
    expect(() => checkInitramfsSize(4 << 20)).not.toThrow();
    expect(() => checkInitramfsSize((4 << 20) + 1)).toThrow(
      "The guest's initramfs is 4.0 MiB; at most 4 MiB are fine.",
    );
  });

  test("the system disk belongs to root and has shell, launcher, payload API and their libraries", async () => {
    expect(await debugfs("stat /")).toMatch(/User:\s+0\s+Group:\s+0/);
    const programs = await debugfs("ls -p /system/bin");
    for (const name of [
      ...[
        "adbd",
        "busybox",
        "getprop",
        "ls",
        "crash_dump64",
        "getenforce",
        "logcat",
        "toybox",
        "microdroid_launcher",
        "mkfs.ext4",
        "setprop",
        "sh",
        "[",
      ],
    ]) {
      expect(programs).toContain(`/${name}/`);
    }
    expect(programs).not.toContain("evil");
    const libraries = await debugfs("ls -p /lib/x86_64-linux-gnu");
    for (const name of [
      "libc.so.6",
      "libdl.so.2",
      "libdw.so.1",
      "liblog.so",
      "liblog.so.0",
      "libvm_payload.so",
      "ld-linux-x86-64.so.2",
    ]) {
      expect(libraries).toContain(`/${name}/`);
    }
    // Toybox's where it has one, as on a phone; the shell is mksh, and su a program of its own.
    expect(await debugfs("stat /system/bin/ls")).toContain('Fast link dest: "toybox"');
    expect(await debugfs("stat /system/bin/vi")).toContain('Fast link dest: "busybox"');
    for (const name of ["sh", "su"]) expect(await debugfs(`stat /system/bin/${name}`)).toContain("Type: regular");
    // The guest's own getprop, not the applet of the same name.
    expect(await debugfs("stat /system/bin/getprop")).toContain("Type: regular");
    expect(await debugfs("cat /system/lib/modules/storage.list")).toMatch(/^dm_mod\n/);
  });

  test("the launcher refers to the payload API, so that payloads need not name it", async () => {
    const { stdout } = await run(["readelf", "-d", join(folder, "work/microdroid_launcher")], { env: { LC_ALL: "C" } });
    expect(parseNeeded(stdout)).toContain("libvm_payload.so");
  });

  test("the kernel parameters are one line without console and debug level", async () => {
    const text = await readFile(join(outFolder, "microdroid_cmdline"), "utf8");
    expect(text).toMatch(/^[^\n]+\n$/);
    expect(text).toContain("panic=-1");
    expect(text).not.toMatch(/console=|androidboot/);
  });

  test("all sources count towards the name of an image, tests do not", async () => {
    const inputs = guestInputs();
    for (const name of ["init/main.c", "payload-api/vm_payload.h", "launcher/microdroid_launcher.c"]) {
      expect(inputs.some((input) => input.endsWith(`/src/guest/${name}`))).toBe(true);
    }
    expect(inputs.filter((input) => input.includes(".test."))).toEqual([]);
    await Promise.all(inputs.map((input) => readFile(input)));
  });

  test("a kernel package without a module is named in the error", async () => {
    const packagesRoot = join(folder, "packages");
    const options = {
      packagesRoot,
      outFolder: join(folder, "none"),
      workFolder: join(folder, "work"),
      tools: tools(packagesRoot),
    };
    await expect(buildGuestImages({ ...options, kernelVersion: "5.0-none" })).rejects.toThrow(/5\.0-none.*no modules/);
    expect(await readdir(join(folder, "none"))).toEqual([]);
  });
});

interface CpioMember {
  readonly mode: number;
  readonly content: Buffer;
}

/** Reads by the format's own description, independent of the writer. */
function readCpio(archive: Buffer): ReadonlyMap<string, CpioMember> {
  const members = new Map<string, CpioMember>();
  for (let at = 0; at < archive.length;) {
    const field = (index: number): number =>
      parseInt(archive.toString("latin1", at + 6 + index * 8, at + 14 + index * 8), 16);
    expect(archive.toString("latin1", at, at + 6)).toBe("070701");
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    const name = archive.toString("utf8", at + 110, at + 110 + nameSize - 1);
    const start = Math.ceil((at + 110 + nameSize) / 4) * 4;
    if (name === "TRAILER!!!") return members;
    members.set(name, { mode, content: archive.subarray(start, start + size) });
    at = Math.ceil((start + size) / 4) * 4;
  }
  throw new Error("no end of the archive");
}

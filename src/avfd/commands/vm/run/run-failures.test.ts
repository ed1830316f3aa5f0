/** `vm run CONFIG.json` on a device in a folder, whose monitor runs no guest. */
import { beforeAll, describe, expect, test } from "@jest/globals";
import { writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { fakeBzImage, fakeVmlinux } from "../../../testing/kernels/fake-kernel.js";
import { useRawVmHost } from "../../../testing/raw-vm-host.js";

const raw = useRawVmHost();

describe("fails to start, with what is wrong", () => {
  beforeAll(async () => {
    const files = {
      ...{ "no-kernel": "#!/bin/sh\n".repeat(200), empty: "", cut: fakeBzImage().subarray(0, 3000) },
      ...{ arm64: fakeVmlinux({ machine: 183 }), huge: fakeVmlinux({ sizeMib: 400 }) },
      ...{ "vmlinux.gz": gzipSync(fakeVmlinux({})), "Image.lz4": Buffer.from("02214c1800000000", "hex") },
    };
    for (const [name, content] of Object.entries(files)) await writeFile(join(raw.host.folder, name), content);
  });

  test.each([
    [
      "a file that is no kernel",
      { kernel: "no-kernel" },
      "failed to load the kernel no-kernel: it is neither a bzImage nor a vmlinux (ELF)",
    ],
    [
      "a kernel in gzip",
      { kernel: "vmlinux.gz" },
      "failed to load the kernel vmlinux.gz: it is compressed with gzip as a whole: unpack it, or give the bzImage",
    ],
    [
      "a kernel in LZ4",
      { kernel: "Image.lz4" },
      "failed to load the kernel Image.lz4: it is compressed with LZ4 as a whole: unpack it, or give the bzImage",
    ],
    ["an empty file", { kernel: "empty" }, "failed to load the kernel empty: the file is empty"],
    ["a kernel that is cut", { kernel: "cut" }, "failed to load the kernel cut: it is cut: 3000 bytes of 3584"],
    [
      "one for another processor",
      { kernel: "arm64" },
      "failed to load the kernel arm64: it is for another processor (ELF machine 183)",
    ],
    ["one that does not fit", { kernel: "huge" }, "failed to load the kernel: it needs 428 MiB, the VM has 256 MiB"],
    [
      "4 KiB of parameters",
      { params: "x".repeat(4096) },
      "failed to load the kernel kernel: its command line has 4116 bytes with the monitor's own parameters, at most 2047",
    ],
  ] as const)("%s", async (_what, config, words) => {
    const { stdout, stderr, exitCode } = await raw.run(config);
    expect(stderr).toBe(`${words}\n`);
    expect(stdout).toMatch(/^Created VM from .*\nVM ended: StartFailed\n$/);
    expect(exitCode).toBe(0);
    expect(raw.host.vmm.started).toEqual([]);
    expect(await raw.leftovers()).toEqual([]);
  });

  test("a port for a debugger that somebody else has", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const { stderr, stdout } = await raw.run({}, "--gdb", String(port));
      expect(stderr).toBe(`failed to listen for a debugger at port ${port}: Address already in use (os error 98)\n`);
      expect(stdout).toContain("VM ended: StartFailed\n");
    } finally {
      server.close();
    }
  });

  test.each([
    [
      "another platform",
      { platform_version: ">=1.1, <3" },
      "Incompatible platform version. The config is compatible with platform version(s) >=1.1, <3, but the actual platform version is 1.0.0",
    ],
    ["another serial device", { console_input_device: "ttyS1" }, "Unsupported serial device ttyS1"],
  ] as const)("%s", async (_what, config, words) => {
    const { stderr, exitCode } = await raw.run(config);
    expect(stderr).toMatch(
      /^Error: Failed to start VM\n\nCaused by:\n {4}Status\(-8, EX_SERVICE_SPECIFIC\): '-1: Error starting VM with CID \d+/,
    );
    expect(stderr).toContain(words);
    expect(exitCode).toBe(1);
    expect(await raw.leftovers()).toEqual([]);
  });
});

describe("leaves no file of its streams open", () => {
  const CONSOLE = ["--console", "console.txt", "--log", "log.txt"];
  const ALL = [...CONSOLE, "--console-in", "typed.txt"];
  beforeAll(() => writeFile(join(raw.host.folder, "typed.txt"), "typed\n"));

  /** A file that is read is closed a moment later. */
  const untilClosed = async (): Promise<void> => {
    while ((await raw.leftovers()).length > 0) await sleep(10);
  };

  test.each([
    ["a VM that is refused", 15, { protected: true }, ALL, "Failed to create VM"],
    ["a VM that does not start", 15, { params: "x".repeat(4096) }, ALL, "failed to load the kernel"],
    ["a file that cannot be made", 16, {}, [...ALL, "--dump-device-tree", "no/tree"], "to dump device tree"],
  ] as const)("%s", async (_what, release, config, options, words) => {
    raw.host.device.identity.setRelease(release);
    expect((await raw.run(config, ...options)).stderr).toContain(words);
    await untilClosed();
  });

  test("a VM of release 13 that was to stay, and whose monitor is missing", async () => {
    raw.host.device.identity.setRelease(13);
    raw.host.vmm.startFailure = new Error("no monitor");
    try {
      expect((await raw.run({}, "--daemonize", ...CONSOLE)).stderr).toContain("no monitor");
    } finally {
      raw.host.vmm.startFailure = undefined;
    }
    await untilClosed();
  });
});

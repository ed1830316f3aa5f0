import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VmmConfig } from "../contract.js";
import { compositeDisk } from "./composite-disk.js";
import { crosvmVmm, describeCrosvmEnd } from "./crosvm.js";
import { makeWholeDisks } from "./whole-disks.js";

/** Stands in for crosvm: knows a few options, notes how it was called, and plays a guest on the inherited descriptors. */
const PROGRAM = `#!/bin/sh
echo "$*" >>"$0.calls"
case "$*" in
--help) echo "  --extended-status use extended exit status" ;;
version) echo "crosvm 0.1.0" ;;
"run --help") printf '  --cid ID\\n  -b, --block PARAMS\\n' ;;
*) echo "vmm starts" >&2; read -r typed <&5; printf "$typed" >&5; printf log >&6; printf 'HANGUP|' >&4; cat <&7 >&3; exit 32 ;;
esac
`;

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "crosvm-"))));
afterEach(() => rm(folder, { recursive: true }));

async function vmmOf(text: string): Promise<ReturnType<typeof crosvmVmm>> {
  const program = join(folder, "crosvm");
  await writeFile(program, text, { mode: 0o755 });
  await writeFile(join(folder, "digest"), `${"0123456789abcdef".repeat(4)}\n`);
  return crosvmVmm({ program, digestFile: join(folder, "digest"), neededDevices: ["/dev/null"] });
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}

describe("a crosvm of the device", () => {
  test("is absent, does not start, or lacks a device: each says so", async () => {
    const absent = crosvmVmm({ program: join(folder, "none"), digestFile: "", neededDevices: [] });
    expect(await absent.refusal()).toBe(`${join(folder, "none")} is missing`);
    const broken = await vmmOf("#!/bin/sh\necho 'libfoo.so.1: cannot open shared object file' >&2; exit 127\n");
    expect(await broken.refusal()).toMatch(/crosvm does not start: libfoo\.so\.1: cannot open shared object file$/);
    await expect(broken.version()).rejects.toThrow("libfoo.so.1");
    const program = join(folder, "crosvm");
    expect(await crosvmVmm({ program, digestFile: "", neededDevices: ["/dev/no-kvm"] }).refusal()).toBe(
      "/dev/no-kvm is missing",
    );
  });

  test("is asked for its options once, and reports its version with the file's digest", async () => {
    const vmm = await vmmOf(PROGRAM);
    expect(await vmm.refusal()).toBeUndefined();
    expect(await vmm.refusal()).toBeUndefined();
    expect(await vmm.version()).toBe("0.1.0 (sha256 0123456789ab)");
    const calls = (await readFile(join(folder, "crosvm.calls"), "utf8")).trim().split("\n");
    expect(calls.sort()).toEqual(["--help", "run --help", "version"]);
  });

  test("starts with its serial devices on sockets and only the options it knows", async () => {
    const vmm = await vmmOf(PROGRAM);
    const mayRun = jest.fn();
    await mkdir(join(folder, "vm"));
    await writeFile(join(folder, "apk"), "odd");
    const file = await open(join(folder, "apk"));
    const config: VmmConfig = {
      ...{ cid: 9, folder: join(folder, "vm"), kernelPath: "/k", initrdPath: undefined, kernelParams: [] },
      ...{ disks: [{ serial: "apk", writable: false, file }], memoryMib: 64, cpuCount: 1, gdbPort: undefined },
      // Asked last, when nothing but the start itself is left to be done.
      mayRun: async () => {
        expect(readdirSync(join(folder, "vm"))).toEqual(["disk-apk.img"]);
        expect(readFileSync(join(folder, "crosvm.calls"), "utf8")).not.toContain("--disable-sandbox");
        mayRun();
      },
    };
    const { streams, ended, argv } = await vmm.start(config).finally(() => file.close());
    // As soon as the process is gone, Node drops what nobody reads.
    streams.hvc0.write("typed\n");
    const [ttyS0, failure, hvc0, log, messages] = await Promise.all(
      [streams.ttyS0, streams.failure, streams.hvc0, streams.log, streams.messages].map(textOf),
    );
    expect({ failure, hvc0, log, messages }).toEqual({
      ...{ failure: "HANGUP|", hvc0: "typed", log: "log", messages: "vmm starts\n" },
    });
    expect(ttyS0).toBe(`odd${"\0".repeat(4093)}`);
    expect(await ended).toEqual({ kind: "reboot" });
    expect(argv).toEqual(expect.arrayContaining(["--extended-status", "--cid", "--block"]));
    expect(argv).not.toContain("--no-balloon");
    expect(mayRun).toHaveBeenCalledTimes(1);
  });
});

test("disks of whole sectors, and writable ones, are passed as they are", async () => {
  await writeFile(join(folder, "even"), Buffer.alloc(1024));
  await writeFile(join(folder, "odd"), Buffer.alloc(1025));
  const [even, odd] = [await open(join(folder, "even")), await open(join(folder, "odd"))];
  const disks = [
    { serial: "even", writable: false, file: even },
    { serial: "odd", writable: true, file: odd },
  ];
  const whole = await makeWholeDisks(disks, { folder, composite: true, firstFd: 7 });
  expect(whole.disks).toEqual(disks);
  expect(whole.parts).toEqual([]);
  await whole.close();
  expect((await even.stat()).size).toBe(1024);
  await Promise.all([even.close(), odd.close()]);
});

test("a file of an odd size is a composite disk of itself and zeros", async () => {
  await writeFile(join(folder, "apk"), Buffer.alloc(5000, 1));
  const file = await open(join(folder, "apk"));
  const disks = ["apk", "idsig"].map((serial) => ({ serial, writable: false, file }));
  const whole = await makeWholeDisks(disks, { folder, composite: true, firstFd: 7 });
  expect(whole.disks.map(({ serial, writable }) => ({ serial, writable }))).toEqual([
    { serial: "apk", writable: false },
    { serial: "idsig", writable: false },
  ]);
  // Behind the two disks: the file, the zeros, the file again.
  expect(whole.parts).toHaveLength(3);
  expect(whole.parts[0]).toBe(file);
  expect(whole.parts[2]).toBe(file);
  expect(await whole.parts[1]?.readFile()).toEqual(Buffer.alloc(4096));
  const layout = (fd: number): Buffer =>
    compositeDisk(
      [
        { path: `/proc/self/fd/${fd}`, offset: 0 },
        { path: "/proc/self/fd/10", offset: 5000 },
      ],
      8192,
    );
  expect(await whole.disks[0]?.file.readFile()).toEqual(layout(9));
  expect(await whole.disks[1]?.file.readFile()).toEqual(layout(11));
  await whole.close();
  await file.close();
});

test("composite disks are written as crosvm's own protocol buffers", () => {
  const disk = compositeDisk(
    [
      { path: "/a", offset: 0 },
      { path: "/b", offset: 300 },
    ],
    4096,
  );
  expect(disk.toString("latin1")).toBe(
    "composite_disk\x1d\x08\x01\x12\x06\x0a\x02/a\x10\x00\x12\x07\x0a\x02/b\x10\xac\x02\x18\x80\x20",
  );
});

test.each([
  [0, null, { kind: "shutdown" }],
  [1, null, { kind: "start-failed" }],
  [32, null, { kind: "reboot" }],
  [33, null, { kind: "crash" }],
  [36, null, { kind: "watchdog-reboot" }],
  [34, null, { kind: "crash", status: "exit status: 34" }],
  [35, null, { kind: "unknown", status: "exit status: 35" }],
  [null, "SIGKILL", { kind: "killed", status: "signal: 9 (SIGKILL)" }],
  [null, "SIGSYS", { kind: "killed", status: "signal: 31 (SIGSYS)" }],
] as const)("exit code %p, signal %p", (exitCode, signal, end) => {
  expect(describeCrosvmEnd(exitCode, signal)).toEqual(end);
});

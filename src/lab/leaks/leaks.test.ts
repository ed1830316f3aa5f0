import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { HostDevice } from "../../device/testing/host-device.js";
import { watchDevice } from "../watch/watched-device.js";
import {
  describeLeak,
  findLeaks,
  inspectDevice,
  LeakCheck,
  NamedThings,
  parseLook,
  type DeviceLeak,
  type Inventory,
} from "./index.js";

const NOTHING: Inventory = { vms: [], processes: [], paths: [], forwards: [] };
const NOBODY = { cids: new Set<number>(), folders: [] };
const vm = (cid: number, requesterPid: number): Inventory["vms"][number] => ({
  ...{ cid, requesterPid, requesterUid: 2000, temporaryDirectory: `/data/misc/virtualizationservice/${cid}` },
  ...{ name: undefined, hostConsoleName: undefined },
});
const tool = (pid: number): Inventory["processes"][number] => ({
  pid,
  args: "vm run-app /data/app/x.apk",
  role: "tool",
});
const monitor = (pid: number): Inventory["processes"][number] => ({ pid, args: "crosvm run", role: "monitor" });
const kinds = (leaks: readonly DeviceLeak[]): readonly string[] => leaks.map(({ kind }) => kind);

describe("listing of a device", () => {
  test("reads what busybox and toybox print", () => {
    const text = `Running VMs: [
    VirtualMachineDebugInfo {
        cid: 2049,
        temporaryDirectory: "/data/misc/virtualizationservice/2049",
        requesterUid: 2000,
        requesterPid: 313,
    },
]
--
PID   PPID  COMMAND
    1     0 {init.sh} /system/bin/sh /system/etc/init.sh
  313   300 {vm} /apex/com.android.virt/bin/vm run-app /data/app/x/base.apk
  320     1 /usr/bin/qemu-system-x86_64 -M microvm
  323     1 /usr/bin/qemu-system-x86_64 -name copy-of-template -nodefaults
  321     1 /apex/com.android.virt/bin/crosvm --log-level=info run
  322     1 tail -f /data/local/tmp/vm
--
/data/local/tmp/avf
/data/local/tmp/virt
/data/local/tmp/mine
/data/local/tmp/avf/com.example/vm/vm1
`;
    const { vms, processes, paths } = parseLook(text);
    expect(vms.map(({ cid, requesterPid }) => [cid, requesterPid])).toEqual([[2049, 313]]);
    expect(processes.map(({ pid, role, mayBePrepared = false }) => [pid, role, mayBePrepared])).toEqual([
      ...[[313, "tool", false] as const, [320, "monitor", false] as const],
      ...[[323, "monitor", true] as const, [321, "monitor", false] as const],
    ]);
    expect(paths).toEqual(["/data/local/tmp/mine", "/data/local/tmp/avf/com.example/vm/vm1"]);
  });
});

describe("what is left", () => {
  test("is what was not there before, of each kind", () => {
    const after: Inventory = {
      vms: [vm(2049, 313)],
      processes: [tool(313), tool(400), monitor(320), monitor(500)],
      paths: ["/data/local/tmp/mine"],
      forwards: ["tcp:1 → tcp:2"],
    };
    const leaks = findLeaks(NOTHING, after, NOBODY);
    expect(kinds(leaks)).toEqual(["vm", "process", "process", "path", "forward"]);
    expect(leaks.map(describeLeak).join("\n")).toMatch(
      /CID 2049[^]*process 400[^]*process 500[^]*mine[^]*tcp:1 → tcp:2/,
    );
    expect(findLeaks(after, after, NOBODY)).toEqual([]);
  });

  test("is not what the file's hooks made: a VM that a test started, its tool, its monitor, its folder", () => {
    const folder = "/data/local/tmp/avf/com.example/vm/shared";
    const after = { ...NOTHING, vms: [vm(2048, 7)], processes: [tool(7), monitor(8)], paths: [folder] };
    expect(findLeaks(NOTHING, after, { cids: new Set([2048]), folders: [folder] })).toEqual([]);
  });
});

describe("the check of a test", () => {
  function checkOf(looks: readonly Inventory[]): { check: LeakCheck; looked: () => number; state: { calls: number } } {
    const state = { calls: 0 };
    let looked = 0;
    const inspector = {
      look: async () => looks[Math.min(looked++, looks.length - 1)] ?? NOTHING,
      remove: async () => "removed" as const,
    };
    return { check: new LeakCheck(inspector, () => state.calls), looked: () => looked, state };
  }

  test("costs nothing if the test did not use the device", async () => {
    const { check, looked } = checkOf([NOTHING]);
    await check.begin();
    expect(looked()).toBe(1);
    expect(await check.end(() => NOBODY, false)).toEqual([]);
    await check.begin();
    expect(looked()).toBe(1);
  });

  test("waits for what is about to end, and checks again after hooks that used the device", async () => {
    const leaving = { ...NOTHING, forwards: ["tcp:1 → tcp:2"] };
    const { check, looked, state } = checkOf([NOTHING, leaving, NOTHING]);
    await check.begin();
    state.calls++;
    expect(await check.end(() => NOBODY, false)).toEqual([]);
    expect(looked()).toBe(3);
    state.calls++;
    await check.begin();
    expect(looked()).toBe(4);
  });
});

describe("on a device of others", () => {
  const IDSIG = "/data/local/tmp/virt/App.apk.idsig";
  const run = (config: string): string => `vm run-app /data/app/x/base.apk ${IDSIG} ${config}`;
  const shell = (args: string, pid = 313): Inventory => ({ ...NOTHING, processes: [{ pid, args, role: "tool" }] });
  const path = (name: string): DeviceLeak => ({ kind: "path", path: `/data/local/tmp/${name}` });

  function deviceWith(): { device: HostDevice; named: NamedThings; removals: () => readonly string[] } {
    const named = new NamedThings();
    const device = new HostDevice({ programs: { rm: "true", kill: "true" } });
    named.note(["ls", "/data/app/~~x==/com.example-y==/base.apk"]);
    named.note(["sh", "-c", "cd /data/local/tmp/; mkdir /data/local/tmp/hand; ls '/data/local/tmp/listed/'"]);
    named.note(["vm", "run-app", "/data/app/x/base.apk", IDSIG, "/data/local/tmp/hand/instance.img"]);
    named.noteMade("/data/local/tmp/pushed");
    named.noteMade("/data/local/tmp/avf/com.example/vm/vm1");
    return { device, named, removals: () => device.calls.map((argv) => argv.join(" ")) };
  }

  /** What the leak check may touch there: what it is, what becomes of it, and the command that removes it. */
  test.each<[what: string, leak: DeviceLeak, fate: string, removal?: string | undefined, seen?: Inventory]>([
    ["what was pushed", path("pushed"), "removed", "rm -rf -- /data/local/tmp/pushed"],
    [
      "the folder of a VM that the run made",
      path("avf/com.example/vm/vm1"),
      "removed",
      "rm -rf -- /data/local/tmp/avf/com.example/vm/vm1",
    ],
    ["a folder that shares the name of an installed APK", path("base"), "nobodys"],
    ["a folder that shares a name with a part of a path", path("data"), "nobodys"],
    ["a file whose name is the beginning of one of ours", path("push"), "nobodys"],
    ["a file whose name begins with one of ours", path("pushed.bak"), "nobodys"],
    ["what a line for the shell names, which may have made it", path("hand"), "named-only"],
    ["what was only listed", path("listed"), "named-only"],
    ["a VM of another app", path("avf/com.other/vm/vm1"), "nobodys"],
    [
      "a forward: whoever uses this host's adb may have opened it",
      { kind: "forward", forward: "tcp:1 → tcp:2" },
      "nobodys",
    ],
    [
      "a VM on files that the run made",
      { kind: "vm", vm: vm(2049, 313) },
      "removed",
      "kill 313",
      shell(run("/data/local/tmp/avf/com.example/vm/vm1/instance.img")),
    ],
    [
      "a VM of somebody who uses the same APK and idsig",
      { kind: "vm", vm: vm(2049, 313) },
      "named-only",
      undefined,
      shell(run("/data/local/tmp/mine/i.img")),
    ],
    ["a VM whose tool is gone", { kind: "vm", vm: vm(2049, 1) }, "nobodys"],
    ["somebody's vm list", { kind: "process", process: tool(400) }, "nobodys"],
    [
      "a tool on files that the run made",
      { kind: "process", process: { pid: 400, args: run("/data/local/tmp/pushed/i.img"), role: "tool" } },
      "removed",
      "kill -9 400",
    ],
    ["a monitor", { kind: "process", process: monitor(500) }, "nobodys"],
  ])("%s", async (...row) => {
    const [, leak, fate, removal, seen = NOTHING] = row;
    const { device, named, removals } = deviceWith();
    expect(await inspectDevice(device, named).remove(leak, seen)).toBe(fate);
    expect(removals()).toEqual(removal === undefined ? [] : [removal]);
  });

  test("a test fails for what its run made or named; what others do meanwhile is only reported", async () => {
    const after = { ...NOTHING, paths: ["pushed", "hand", "base"].map((name) => `/data/local/tmp/${name}`) };
    const looks = [NOTHING, after];
    const { device, named } = deviceWith();
    const inspector = { ...inspectDevice(device, named), look: async () => looks.shift() ?? after };
    const told: string[] = [];
    const check = new LeakCheck(
      inspector,
      () => looks.length,
      (message) => told.push(message),
    );
    await check.begin();
    expect(await check.end(() => NOBODY, true)).toEqual([
      "/data/local/tmp/pushed on the device",
      "/data/local/tmp/hand on the device (still there: this run named it, but did not make it for certain)",
    ]);
    expect(told).toEqual([expect.stringMatching(/left alone, .*: \/data\/local\/tmp\/base on the device$/)]);
  });

  test("what a call makes is known from its own arguments", async () => {
    const made: string[] = [];
    const root = mkdtempSync(join(tmpdir(), "avf-made-"));
    try {
      const watched = watchDevice(new HostDevice(), {
        record: undefined,
        onMade: (each) => made.push(each),
      });
      await watched.push(Buffer.from("x"), join(root, "pushed"));
      await watched.exec(["mkdir", join(root, "folder")]);
      await watched.execUnchecked(["mkdir", join(root, "folder")]);
      await watched.exec(["mkdir", "-p", join(root, "folder")]);
      await watched.exec(["ls", root]);
      expect(made).toEqual([join(root, "pushed"), join(root, "folder")]);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});

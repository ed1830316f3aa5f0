import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { lendFolder, lendSaved, machineUser, takeBack, TEMPORARY, type HostUsers } from "./machine-user.js";

const ALL_IDS = "         0          0 4294967295\n";
const ROOT: HostUsers = {
  uid: 0,
  effectiveCapabilities: 0x1ff_ffff_ffffn,
  uidMap: ALL_IDS,
  gidMap: ALL_IDS,
  accounts: "root:x:0:0:root:/root:/bin/sh\n",
  kvm: { mode: 0o20660, gid: 104 },
};

describe("the user of a machine that root starts", () => {
  test("is one for each port, from 60707 to 61183, in the group of all machines", () => {
    const users = [20_000, 20_001].map((port) => machineUser(port, "tcg", ROOT));
    expect(users[0]?.uid).not.toBe(users[1]?.uid);
    for (let port = 1; port < 65_536; port++) {
      const user = machineUser(port, "tcg", ROOT);
      expect(user?.groups).toEqual([60_706]);
      if (user === undefined || user.uid < 60_707 || user.uid > 61_183) throw new Error(`${port}: ${user?.uid}`);
    }
  });

  test("is not a user with an account", () => {
    const { uid = 0 } = machineUser(20_000, "tcg", ROOT) ?? {};
    const taken = { ...ROOT, accounts: `${ROOT.accounts}lab:x:${uid}:100::/home/lab:/bin/sh\n` };
    expect(machineUser(20_000, "tcg", taken)?.uid).toBe(uid + 1);
  });

  test.each([
    [0o20660, 104, [60_706, 104]],
    [0o20666, 0, [60_706]],
    [0o20600, 0, undefined],
    [0o20660, 0, undefined],
  ])("may open /dev/kvm of mode %o and group %i, or is root", (mode, gid, groups) => {
    expect(machineUser(1, "kvm", { ...ROOT, kvm: { mode, gid } })?.groups).toEqual(groups);
  });

  test.each([
    ["somebody ordinary starts it", { uid: 1000 }],
    ["the user namespace has no other users", { uidMap: "         0       1000          1\n" }],
    ["the user namespace has no other groups", { gidMap: "         0       1000          1\n" }],
    // Docker's default: without SYS_PTRACE.
    ["root may not read the memory of others' processes", { effectiveCapabilities: 0xa80425fbn }],
  ])("is the starting user if %s", (_why, change) => {
    expect(machineUser(1, "tcg", { ...ROOT, ...change })).toBeUndefined();
  });

  test("may be any of a container's that maps the usual 65,536", () => {
    const map = "         0     100000      65536\n";
    expect(machineUser(1, "tcg", { ...ROOT, uidMap: map, gidMap: map })).toBeDefined();
  });
});

const asRoot = process.getuid?.() === 0 ? test : test.skip;
const USER = { uid: 61_000, groups: [60_706] };

describe("files of a machine of another user", () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "avf-lend-"))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const look = (path: string): string => {
    const { uid, gid, mode } = statSync(path);
    return `${uid}:${gid} ${(mode & 0o777).toString(8)}`;
  };

  asRoot("are the machine's, in a folder that it can only walk through", () => {
    lendFolder(folder, ["serial.log", TEMPORARY], USER);
    expect(look(folder)).toBe("0:60706 710");
    expect(look(join(folder, "serial.log"))).toBe("61000:60706 600");
    expect(look(join(folder, TEMPORARY))).toBe("61000:60706 700");
  });

  asRoot("that many go on from can be read by each, and written by none", () => {
    const saved = join(folder, "saved");
    mkdirSync(saved, { mode: 0o700 });
    writeFileSync(join(saved, "memory"), "", { mode: 0o600 });
    lendSaved(saved, ["memory"], USER);
    expect([look(saved), look(join(saved, "memory"))]).toEqual(["0:60706 710", "0:60706 640"]);
    lendSaved(saved, ["memory"], undefined);
    expect(look(join(saved, "memory"))).toBe("0:60706 640");
  });

  asRoot("are root's once more; a link that the machine put there is not followed", () => {
    const secret = join(folder, "secret");
    writeFileSync(secret, "");
    lendFolder(folder, ["state"], USER);
    takeBack([join(folder, "state")], USER);
    expect(look(join(folder, "state"))).toBe("0:0 600");
    symlinkSync(secret, join(folder, "data.img"));
    expect(() => takeBack([join(folder, "data.img")], USER)).toThrow(/data\.img is no file/);
  });

  test("stay as they are if the machine has no other user", () => {
    chmodSync(folder, 0o700);
    const before = look(folder);
    lendFolder(folder, ["memory"], undefined);
    expect(look(folder)).toBe(before);
    expect(look(join(folder, "memory"))).toMatch(/ 600$/);
  });
});

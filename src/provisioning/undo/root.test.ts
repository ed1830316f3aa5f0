import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HostDevice } from "../../device/testing/host-device.js";
import { provision, type Provisioned } from "../provision.js";
import { sweepProvisioned } from "./sweep.js";

const savedCache = process.env["AVF_CACHE_DIR"];
let folder: string;
let device: HostDevice;

/** A device whose `id` and boot are files; `adb root` and `adb unroot` change the former, but on a user build. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-root-"));
  process.env["AVF_CACHE_DIR"] = join(folder, "cache");
  mkdirSync(join(folder, "tools"));
  mkdirSync(join(folder, "device/data/local/tmp"), { recursive: true });
  const adb = `[ ! -e "${folder}/user-build" ] || exit 1; [ $1 = root ] && uid=0 || uid=2000; echo $uid >"${folder}/uid"`;
  const boot = `[ "$*" != /proc/sys/kernel/random/boot_id ] || set -- "${folder}/boot"; exec /bin/cat "$@"`;
  for (const [name, script] of Object.entries({
    "tools/id": `/bin/cat "${folder}/uid"`,
    "tools/cat": boot,
    "tools/getprop": "echo PHONE1",
    adb,
    sh: `PATH="${folder}/tools:$PATH" exec /bin/sh "$@"`,
  }))
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  become(2000);
  startDevice("boot1");
  device = new HostDevice({
    root: join(folder, "device"),
    programs: { sh: join(folder, "sh"), adb: join(folder, "adb") },
  });
});
afterEach(() => {
  if (savedCache === undefined) delete process.env["AVF_CACHE_DIR"];
  else process.env["AVF_CACHE_DIR"] = savedCache;
  rmSync(folder, { recursive: true });
});

const become = (uid: number): void => writeFileSync(join(folder, "uid"), `${uid}\n`);
const uid = (): number => Number(readFileSync(join(folder, "uid"), "utf8"));
const startDevice = (boot: string): void => writeFileSync(join(folder, "boot"), `${boot}\n`);
const restarts = (): readonly string[] =>
  device.calls.filter(([program]) => program === "adb").map(([, verb = ""]) => verb);

const preparer = (options: string): string =>
  `<target_preparer class="com.android.tradefed.targetprep.RootTargetPreparer">${options}</target_preparer>`;

function run(options = "", log: (message: string) => void = () => undefined): Promise<Provisioned> {
  // What comes after it runs as the new user, and is undone as that user.
  const after =
    '<target_preparer class="x.RunCommandTargetPreparer">' +
    '<option name="run-command" value="id > /data/local/tmp/began" />' +
    '<option name="teardown-command" value="id > /data/local/tmp/ended" /></target_preparer>';
  writeFileSync(join(folder, "AndroidTest.xml"), `<configuration>${preparer(options)}${after}</configuration>`);
  return provision(device, { root: folder, androidTest: "AndroidTest.xml", noted: true, log });
}

const said = (name: string): number => Number(readFileSync(join(folder, "device/data/local/tmp", name), "utf8"));

test.each([
  ["shell", 2000, "", 0, ["root", "unroot"]],
  ["root already", 0, "", 0, []],
  ["root, and is to be shell", 0, '<option name="force-root" value="false" />', 2000, ["unroot", "root"]],
  ["shell, and is to be", 2000, '<option name="force-root" value="false" />', 2000, []],
])(
  "adbd that is %s is as asked for during the run, and as it was after it",
  async (_what, before, options, meanwhile, calls) => {
    become(before);
    const { cleanUp } = await run(options);
    expect({ now: uid(), began: said("began") }).toEqual({ now: meanwhile, began: meanwhile });
    await cleanUp();
    expect({ now: uid(), ended: said("ended") }).toEqual({ now: before, ended: meanwhile });
    expect(restarts()).toEqual(calls);
  },
);

test("between files of a device of one's own only adbd's user is put back", async () => {
  const { restoreRoot, cleanUp } = await run();
  await restoreRoot();
  expect(uid()).toBe(2000);
  expect(() => said("ended")).toThrow("ENOENT");
  await cleanUp();
  expect(said("ended")).toBe(2000);
  expect(restarts()).toEqual(["root", "unroot"]);
});

test("a user build fails the run, unless throw-on-error is false: then it is reported", async () => {
  writeFileSync(join(folder, "user-build"), "");
  await expect(run()).rejects.toThrow(/Exit code 1: .*adb root/);
  const told: string[] = [];
  await run('<option name="throw-on-error" value="false" />', (message) => told.push(message));
  expect(told).toEqual([expect.stringMatching(/^RootTargetPreparer failed, .*Exit code 1: .*adb root/s)]);
  expect(uid()).toBe(2000);
});

/** As if this process had been killed: its notes stay, and their owner is nobody. */
function kill(): void {
  const notes = join(folder, "cache/left-on-devices/host");
  for (const name of readdirSync(notes)) {
    const note = JSON.parse(readFileSync(join(notes, name), "utf8")) as { owner: object };
    writeFileSync(
      join(notes, name),
      JSON.stringify({ ...note, owner: { ...note.owner, startTicks: "1", life: undefined } }),
    );
  }
}

test.each<readonly [string, () => void, readonly string[]]>([
  ["is put back by the next one", () => undefined, ["root", "unroot"]],
  ["stays as it is where the device was started since", () => startDevice("boot2"), ["root"]],
  ["stays as it is where somebody put it back", () => become(2000), ["root"]],
])("adbd that a killed run rooted %s", async (_what, meanwhile, calls) => {
  await run();
  kill();
  meanwhile();
  await sweepProvisioned(device, () => undefined);
  expect(restarts()).toEqual(calls);
  // The note is gone.
  await sweepProvisioned(device, () => undefined);
  expect(restarts()).toEqual(calls);
});

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { buildApk, throwAwayKey } from "../apk/index.js";
import { HostDevice } from "../device/testing/host-device.js";
import { checkFiles } from "./check-files.js";
import { provision, sweepProvisioned, type VmNotes } from "./index.js";

/** Package manager and vm tool of a device whose root is $ROOT: files in folders, as on a real one. */
const PM = `#!/bin/sh
case $1 in
install) name=$(cat "$2.package"); mkdir -p $ROOT/data/app/$name; cp "$2" $ROOT/data/app/$name/base.apk ;;
path) for apk in $ROOT/data/app/$2*/base.apk; do [ -e $apk ] && echo "package:$apk"; done ;;
uninstall) rm -r $ROOT/data/app/$2* ;;
esac
`;
const VM = `#!/bin/sh
[ "$1" = create-idsig ] && { printf 'idsig of '; cat "$2" | sha256sum; } >"$3"
`;
const APP = "com.android.microdroid.test";
const BASE = `/data/app/${APP}/base.apk`;
const IDSIG = "/data/local/tmp/virt/App.apk.idsig";

let host: string;
let root: string;
let device: HostDevice;
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), "avf-provision-"));
  host = join(folder, "host");
  root = join(folder, "device");
  mkdirSync(host);
  mkdirSync(join(folder, "tools"));
  mkdirSync(join(root, "data/local/tmp"), { recursive: true });
  for (const [name, text] of [
    ["pm", PM],
    ["vm", VM],
    // As toybox: no birth of a file. And as ext4, which gives a free inode to the next folder.
    ["tools/stat", "#!/bin/sh\necho '7 ?'\n"],
    ["tools/getprop", `#!/bin/sh\ncat "${folder}/serialno"\n`],
    ["sh", `#!/bin/sh\nPATH="${folder}/tools:$PATH" exec /bin/sh "$@"\n`],
  ] as const) {
    writeFileSync(join(folder, name), text.replaceAll("$ROOT", root));
    chmodSync(join(folder, name), 0o755);
  }
  writeFileSync(join(folder, "serialno"), "PHONE1\n");
  const programs = {
    sh: join(folder, "sh"),
    pm: join(folder, "pm"),
    stat: join(folder, "tools/stat"),
    "/apex/com.android.virt/bin/vm": join(folder, "vm"),
  };
  device = new HostDevice({ root, programs });
});
afterEach(() => rmSync(join(host, ".."), { recursive: true }));

async function writeApk(fileName: string, packageName = APP, versionCode = 1): Promise<void> {
  const manifest = `<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="${packageName}" android:versionCode="${versionCode}"/>`;
  const apk = await buildApk(new Map([["AndroidManifest.xml", Buffer.from(manifest)]]), { key: throwAwayKey() });
  writeFileSync(join(host, fileName), apk);
  writeFileSync(join(host, `${fileName}.package`), packageName);
}

const onDevice = (path: string): Buffer => readFileSync(join(root, path));
const installs = (): number => device.calls.filter(([program, verb]) => program === "pm" && verb === "install").length;

describe("an APK", () => {
  test("is installed, its idsig pushed beside it, its folders named", async () => {
    await writeApk("App.apk");
    writeFileSync(join(host, "App.apk.idsig"), "by hand");
    const { apps } = await provision(device, { root: host, apks: ["*.apk"] });
    expect(apps).toEqual([
      { packageName: APP, apkPath: BASE, idsigPath: IDSIG, dataFolder: `/data/local/tmp/avf/${APP}`, installed: true },
    ]);
    expect(onDevice(BASE)).toEqual(readFileSync(join(host, "App.apk")));
    expect(onDevice(IDSIG).toString()).toBe("by hand");
  });

  test("without an idsig beside it gets one made on the device, of the installed APK", async () => {
    await writeApk("App.apk");
    await provision(device, { root: host, apks: ["App.apk"] });
    expect(onDevice(IDSIG).toString()).toMatch(/^idsig of [0-9a-f]{64}/);
  });

  test("is not installed again when the device has these bytes, and is when they differ", async () => {
    await writeApk("App.apk");
    await provision(device, { root: host, apks: ["App.apk"] });
    const again = await provision(device, { root: host, apks: ["App.apk"] });
    expect(installs()).toBe(1);
    expect(again.apps[0]?.installed).toBe(false);
    await writeApk("App.apk", APP, 2);
    await provision(device, { root: host, apks: ["App.apk"] });
    expect(installs()).toBe(2);
    expect(onDevice(BASE)).toEqual(readFileSync(join(host, "App.apk")));
  });

  test("an idsig that changed on the host is pushed again", async () => {
    await writeApk("App.apk");
    for (const text of ["one", "two"]) {
      writeFileSync(join(host, "App.apk.idsig"), text);
      await provision(device, { root: host, apks: ["App.apk"] });
      expect(onDevice(IDSIG).toString()).toBe(text);
    }
  });
});

describe("cleaning up", () => {
  test("removes what was put there", async () => {
    await writeApk("App.apk");
    const provisioned = await provision(device, { root: host, apks: ["App.apk"] });
    await provisioned.cleanUp();
    expect(existsSync(join(root, BASE))).toBe(false);
    expect(existsSync(join(root, IDSIG))).toBe(false);
    await provisioned.cleanUp();
  });

  test("leaves what was there before, and VMs that are not ours", async () => {
    await writeApk("App.apk");
    await provision(device, { root: host, apks: ["App.apk"] });
    mkdirSync(join(root, `/data/local/tmp/avf/${APP}/vm/mine`), { recursive: true });
    await (await provision(device, { root: host, apks: ["App.apk"] })).cleanUp();
    expect(existsSync(join(root, BASE))).toBe(true);
    expect(existsSync(join(root, IDSIG))).toBe(true);
    expect(existsSync(join(root, `/data/local/tmp/avf/${APP}/vm/mine`))).toBe(true);
  });

  test("leaves folders that were there before, also when they are empty", async () => {
    await writeApk("App.apk");
    mkdirSync(join(root, `/data/local/tmp/avf/${APP}/vm`), { recursive: true });
    await (await provision(device, { root: host, apks: ["App.apk"] })).cleanUp();
    expect(existsSync(join(root, `/data/local/tmp/avf/${APP}/vm`))).toBe(true);
  });

  test("happens at once when a later step fails", async () => {
    await writeApk("App.apk");
    await expect(provision(device, { root: host, apks: ["App.apk", "none.apk"] })).rejects.toThrow(/none\.apk/);
    expect(existsSync(join(root, BASE))).toBe(false);
  });
});

describe("is refused", () => {
  test("a file that is not an APK, by its path", async () => {
    writeFileSync(join(host, "App.apk"), "text");
    await expect(provision(device, { root: host, apks: ["App.apk"] })).rejects.toMatchObject({
      kind: "usage",
      code: "NOT_AN_APK",
      message: expect.stringContaining(join(host, "App.apk")),
    });
  });

  test.each(["a;b.apk", "a\nb.apk", "-.apk$(id).apk"])("a file name that is no name on a device: %j", async (name) => {
    writeFileSync(join(host, name), "");
    await expect(provision(device, { root: host, apks: ["*.apk"] })).rejects.toMatchObject({ code: "APK_NAME" });
  });

  test("two APKs of one package", async () => {
    await writeApk("App.apk");
    await writeApk("Other.apk");
    await expect(provision(device, { root: host, apks: ["*.apk"] })).rejects.toMatchObject({ code: "APK_TWICE" });
  });
});

test("an AndroidTest.xml is carried out in order, with paths from its own folder, and undone", async () => {
  mkdirSync(join(host, "suite"));
  writeFileSync(join(host, "suite/data.img"), "image");
  await writeApk("suite/App.apk");
  writeFileSync(
    join(host, "suite/AndroidTest.xml"),
    `<configuration>
      <target_preparer class="com.android.tradefed.targetprep.RunCommandTargetPreparer">
        <option name="run-command" value="mkdir -p /data/local/tmp/cts &amp;&amp; echo ran > /data/local/tmp/cts/proof" />
        <option name="teardown-command" value="rm -r /data/local/tmp/cts" />
      </target_preparer>
      <target_preparer class="com.android.tradefed.targetprep.PushFilePreparer">
        <option name="cleanup" value="true" /><option name="push" value="data.img->/data/local/tmp/cts/" />
      </target_preparer>
      <target_preparer class="com.android.tradefed.targetprep.suite.SuiteApkInstaller"><option name="test-file-name" value="App.apk" /></target_preparer>
    </configuration>`,
  );
  const provisioned = await provision(device, { root: host, androidTest: "suite/AndroidTest.xml" });
  expect(onDevice("/data/local/tmp/cts/proof").toString()).toBe("ran\n");
  expect(onDevice("/data/local/tmp/cts/data.img").toString()).toBe("image");
  expect(provisioned.apps).toHaveLength(1);
  await provisioned.cleanUp();
  expect(existsSync(join(root, "/data/local/tmp/cts"))).toBe(false);
  expect(existsSync(join(root, BASE))).toBe(false);
});

test("files of a request are checked without a device", async () => {
  await writeApk("App.apk");
  const check = (apks: readonly string[], androidTest?: string) => checkFiles({ root: host, apks, androidTest });
  await check(["App.apk"]);
  await expect(check(["None.apk"])).rejects.toThrow(/no such file/);
  writeFileSync(join(host, "text.apk"), "text");
  await expect(check(["text.apk"])).rejects.toMatchObject({ code: "NOT_AN_APK" });
  await expect(check(["App.apk", "./App.apk"])).rejects.toMatchObject({ code: "APK_TWICE" });
  for (const name of ["Ä.apk", "a'b.apk", "a  b.apk", " a.apk", "a\nb.apk", `${"a".repeat(246)}.apk`]) {
    writeFileSync(join(host, name), "");
    await expect(check([name])).rejects.toMatchObject({
      code: "APK_NAME",
      message: expect.stringMatching(/What passes: at most 249 of the letters a to z .* single spaces between them/),
    });
  }
  writeFileSync(
    join(host, "AndroidTest.xml"),
    `<configuration><target_preparer class="x.SuiteApkInstaller"><option name="test-file-name" value="text.apk" /></target_preparer></configuration>`,
  );
  await expect(check([], "AndroidTest.xml")).rejects.toMatchObject({ code: "NOT_AN_APK" });
});

describe("after a run that was killed", () => {
  const saved = process.env["AVF_CACHE_DIR"];
  beforeEach(() => {
    process.env["AVF_CACHE_DIR"] = join(host, "../cache");
  });
  afterEach(() => {
    if (saved === undefined) delete process.env["AVF_CACHE_DIR"];
    else process.env["AVF_CACHE_DIR"] = saved;
  });

  /** As if this process had been killed: the note stays, and its owner is nobody. */
  function kill(): void {
    const folder = join(host, "../cache/left-on-devices/host");
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const note = JSON.parse(readFileSync(path, "utf8")) as { owner: object };
      note.owner = { ...note.owner, startTicks: "1", life: undefined };
      writeFileSync(path, JSON.stringify(note));
    }
  }

  const VMS = `/data/local/tmp/avf/${APP}/vm`;
  const inRoot = (path: string): string => join(root, path);

  /** As the lifecycle library does it, with the mark that it leaves until all files are there. */
  async function makeVm(notes: VmNotes, name: string, stage: "coming" | "claimed" | "made"): Promise<void> {
    notes.coming(`${VMS}/${name}`, `mark${name}`);
    if (stage === "coming") return;
    mkdirSync(inRoot(`${VMS}/${name}`), { recursive: true });
    writeFileSync(inRoot(`${VMS}/${name}/.claim`), `mark${name}`);
    if (stage === "claimed") return;
    await notes.made(`${VMS}/${name}`, `mark${name}`);
    rmSync(inRoot(`${VMS}/${name}/.claim`));
  }

  test("the next one removes what it put there, and the VMs that it made: no others, whatever their names", async () => {
    await writeApk("App.apk");
    mkdirSync(inRoot(`${VMS}/mine`), { recursive: true });
    const { notes } = await provision(device, { root: host, apks: ["App.apk"], noted: true });
    await makeVm(notes, "vm1", "made");
    await makeVm(notes, "half", "claimed");
    await makeVm(notes, "never", "coming");
    mkdirSync(inRoot(`${VMS}/never`));
    await makeVm(notes, "another", "made");
    rmSync(inRoot(`${VMS}/another`), { recursive: true });
    // Takes the inode that is free, if the file system does so.
    mkdirSync(inRoot(`${VMS}/another`));
    await makeVm(notes, "deleted", "made");
    rmSync(inRoot(`${VMS}/deleted`), { recursive: true });
    notes.gone(`${VMS}/deleted`);
    mkdirSync(inRoot(`${VMS}/deleted`));
    kill();
    const told: string[] = [];
    await sweepProvisioned(device, (message) => told.push(message));
    for (const name of ["another", "never"]) expect(told.join()).toContain(`${VMS}/${name} on host stays`);
    expect(told.join()).not.toMatch(/vm1|half|mine|deleted/);
    for (const path of [BASE, IDSIG]) expect(existsSync(inRoot(path))).toBe(false);
    expect(readdirSync(inRoot(VMS)).sort()).toEqual(["another", "deleted", "mine", "never"]);
    expect(readdirSync(inRoot("/data/local/tmp"))).toEqual(["avf"]);
    await sweepProvisioned(device);
  });

  test("nothing is left when there was nothing before", async () => {
    await writeApk("App.apk");
    const { notes } = await provision(device, { root: host, apks: ["App.apk"], noted: true });
    await makeVm(notes, "vm1", "made");
    kill();
    await sweepProvisioned(device);
    expect(readdirSync(inRoot("/data/local/tmp"))).toEqual([]);
  });

  test.each([
    ["has no token of ours", () => rmSync(inRoot("/data/local/tmp"), { recursive: true })],
    ["has another serial number", () => writeFileSync(join(host, "../serialno"), "PHONE2\n")],
  ])(
    "another device under the same serial, which %s, is left alone, and the notes are forgotten",
    async (_what, swap) => {
      await writeApk("App.apk");
      const { notes } = await provision(device, { root: host, apks: ["App.apk"], noted: true });
      await makeVm(notes, "vm1", "made");
      swap();
      mkdirSync(inRoot(`${VMS}/vm1`), { recursive: true });
      kill();
      const before = device.calls.length;
      await sweepProvisioned(device);
      expect(existsSync(inRoot(BASE))).toBe(true);
      expect(existsSync(inRoot(`${VMS}/vm1`))).toBe(true);
      const said = device.calls.slice(before).map((argv) => argv.join(" "));
      expect(said.filter((line) => /\brm\b|uninstall/.test(line))).toEqual([]);
      expect(readdirSync(join(host, "../cache/left-on-devices/host"))).toEqual([]);
    },
  );

  test("a package that was reinstalled since stays", async () => {
    await writeApk("App.apk");
    await provision(device, { root: host, apks: ["App.apk"], noted: true });
    writeFileSync(inRoot(BASE), "of somebody");
    kill();
    await sweepProvisioned(device);
    expect(onDevice(BASE).toString()).toBe("of somebody");
  });

  test("a package that was installed again from the same APK stays, and so do files that replaced ours", async () => {
    await writeApk("App.apk");
    for (const name of ["ours.img", "same-name.img"]) writeFileSync(join(host, name), "image");
    const push = (name: string): string => `<option name="push" value="${name}->/data/local/tmp/${name}" />`;
    writeFileSync(
      join(host, "AndroidTest.xml"),
      `<configuration><target_preparer class="x.PushFilePreparer"><option name="cleanup" value="true" />${push("ours.img")}${push("same-name.img")}</target_preparer></configuration>`,
    );
    await provision(device, { root: host, androidTest: "AndroidTest.xml", apks: ["App.apk"], noted: true });
    // Android chooses another folder at each install.
    renameSync(inRoot(`/data/app/${APP}`), inRoot(`/data/app/${APP}-again`));
    for (const path of [IDSIG, "/data/local/tmp/same-name.img"]) writeFileSync(inRoot(path), "of somebody");
    kill();
    const told: string[] = [];
    await sweepProvisioned(device, (message) => told.push(message));
    expect(existsSync(inRoot(`/data/app/${APP}-again/base.apk`))).toBe(true);
    expect(readdirSync(inRoot("/data/local/tmp")).sort()).toEqual(["same-name.img", "virt"]);
    expect(onDevice(IDSIG).toString()).toBe("of somebody");
    for (const what of [`uninstall ${APP}`, `remove ${IDSIG}`, "remove /data/local/tmp/same-name.img"])
      expect(told.filter((message) => message.endsWith(what))).toHaveLength(1);
  });

  test("folders in which nothing was ours any more stay, and teardown commands are reported, not run", async () => {
    writeFileSync(join(host, "a.img"), "image");
    const push = (target: string): string => `<option name="push" value="a.img->/data/local/tmp/${target}" />`;
    writeFileSync(
      join(host, "AndroidTest.xml"),
      `<configuration><target_preparer class="x.RunCommandTargetPreparer">
        <option name="teardown-command" value="rm -rf /data/local/tmp/of-somebody" /></target_preparer>
      <target_preparer class="x.PushFilePreparer"><option name="cleanup" value="true" />
        ${push("ours/deep/a.img")}${push("theirs/a.img")}</target_preparer></configuration>`,
    );
    await provision(device, { root: host, androidTest: "AndroidTest.xml", noted: true });
    // Somebody tidied up, and has made folders of these names since.
    for (const name of ["theirs", "of-somebody"]) {
      rmSync(inRoot(`/data/local/tmp/${name}`), { recursive: true, force: true });
      mkdirSync(inRoot(`/data/local/tmp/${name}`));
    }
    kill();
    const told: string[] = [];
    await sweepProvisioned(device, (message) => told.push(message));
    expect(readdirSync(inRoot("/data/local/tmp")).sort()).toEqual(["of-somebody", "theirs"]);
    expect(told).toEqual([
      "not done on host, because another may have put it there: remove /data/local/tmp/theirs if empty",
      "not done on host, because others may have used it since: run the teardown commands: rm -rf /data/local/tmp/of-somebody",
    ]);
    await sweepProvisioned(device, (message) => told.push(message));
    expect(told).toHaveLength(2);
  });

  test("a note of a process elsewhere is left to it, and so is one of an earlier version's device", async () => {
    await writeApk("App.apk");
    await provision(device, { root: host, apks: ["App.apk"], noted: true });
    const folder = join(host, "../cache/left-on-devices/host");
    const [name = ""] = readdirSync(folder);
    const note = JSON.parse(readFileSync(join(folder, name), "utf8")) as { owner: object; content: { steps: unknown } };
    const owner = { ...note.owner, place: "another-boot pid:[1]", life: undefined };
    writeFileSync(join(folder, name), JSON.stringify({ ...note, owner }));
    await sweepProvisioned(device);
    expect(readdirSync(folder)).toEqual([name]);
    writeFileSync(
      join(folder, name),
      JSON.stringify({ owner: { pid: 1, startTicks: "1" }, content: note.content.steps }),
    );
    await sweepProvisioned(device);
    expect(readdirSync(folder)).toEqual([]);
    expect(existsSync(inRoot(BASE))).toBe(true);
  });

  test("what was there before that run stays, and so does what a living run put there", async () => {
    await writeApk("App.apk");
    await provision(device, { root: host, apks: ["App.apk"] });
    await provision(device, { root: host, apks: ["App.apk"], noted: true });
    await sweepProvisioned(device);
    kill();
    await sweepProvisioned(device);
    expect(existsSync(join(root, BASE))).toBe(true);
    expect(existsSync(join(root, IDSIG))).toBe(true);
  });

  /** As if the cable were pulled before the command that `at` knows, until `back` is called. */
  function unplug(at: (line: string) => boolean): { back(): void } {
    let gone = false;
    const reach = device.execUnchecked.bind(device);
    const spy = jest.spyOn(device, "execUnchecked").mockImplementation(async (argv, options) => {
      gone ||= at(argv.join(" "));
      if (gone) throw new Error("Device host went away.");
      return reach(argv, options);
    });
    return { back: () => spy.mockRestore() };
  }
  const noteFiles = (): readonly string[] => readdirSync(join(host, "../cache/left-on-devices/host"));

  test.each([
    ["before its first step", () => true],
    ["after some", (line: string) => line.startsWith("pm uninstall")],
    ["before its last", (line: string) => line.includes(".avf-run-")],
  ])("a clean-up that the device left %s is done by the next run", async (_when, at) => {
    await writeApk("App.apk");
    const { cleanUp } = await provision(device, { root: host, apks: ["App.apk"], noted: true });
    const cable = unplug(at);
    await expect(cleanUp()).rejects.toThrow(/went away/);
    cable.back();
    kill();
    await sweepProvisioned(device);
    expect(readdirSync(inRoot("/data/local/tmp"))).toEqual([]);
    expect(existsSync(inRoot(BASE))).toBe(false);
    expect(noteFiles()).toEqual([]);
  });

  test("what the device left in the middle of is done by the run after, and nothing of it twice", async () => {
    await writeApk("App.apk");
    const { notes } = await provision(device, { root: host, apks: ["App.apk"], noted: true });
    await makeVm(notes, "vm1", "made");
    kill();
    const cable = unplug((line) => line.startsWith("pm uninstall"));
    await sweepProvisioned(device, () => undefined);
    cable.back();
    expect(noteFiles()).toHaveLength(1);
    expect(existsSync(inRoot(`${VMS}/vm1`))).toBe(false);
    const before = device.calls.length;
    await sweepProvisioned(device);
    expect(existsSync(inRoot(BASE))).toBe(false);
    expect(readdirSync(inRoot("/data/local/tmp"))).toEqual([]);
    expect(noteFiles()).toEqual([]);
    expect(device.calls.slice(before).join("\n")).not.toMatch(/vm1|App\.apk\.idsig/);
  });

  test("a run that cleaned up itself leaves no note", async () => {
    await writeApk("App.apk");
    await (await provision(device, { root: host, apks: ["App.apk"], noted: true })).cleanUp();
    expect(readdirSync(join(host, "../cache/left-on-devices/host"))).toEqual([]);
    expect(existsSync(join(root, BASE))).toBe(false);
  });
});

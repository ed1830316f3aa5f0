import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildApk, throwAwayKey } from "../../../apk/index.js";
import { deviceInFolder, namesIn, type DeviceInFolder } from "../../testing/device-in-folder.js";

const FIXTURE = join(__dirname, "../../../../fixtures/MicrodroidTestApp.apk");
const PACKAGE = "com.android.microdroid.test";

let host: DeviceInFolder;
let apk: Buffer;
beforeAll(async () => {
  host = await deviceInFolder();
  apk = await readFile(FIXTURE);
  await copyFile(FIXTURE, join(host.folder, "app.apk"));
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await host.run("pm", "uninstall", PACKAGE);
});

const installed = (): string => host.device.paths.resolve(`/data/app/${PACKAGE}/base.apk`);
const staged = async (): Promise<readonly string[]> =>
  (await namesIn(host.device.paths.resolve("/data/app"))).filter((name) => name.startsWith("vmdl"));

describe("pm install", () => {
  test("from a file: the APK is where pm path says", async () => {
    expect(await host.run("pm", "install", "-r", "-t", "app.apk")).toEqual({
      exitCode: 0,
      stdout: "Success\n",
      stderr: "",
    });
    expect((await host.run("pm", "path", PACKAGE)).stdout).toBe(`package:/data/app/${PACKAGE}/base.apk\n`);
    expect((await readFile(installed())).equals(apk)).toBe(true);
    expect(await staged()).toEqual([]);
  });

  test("from a stream, as adb does it: exactly so many bytes of stdin are taken", async () => {
    const install = host.start("cmd", "package", "install", "-r", "-S", String(apk.length));
    install.write(apk);
    expect((await install.ended).stdout).toBe("Success\n");
    expect((await readFile(installed())).equals(apk)).toBe(true);
  });

  test("in three steps", async () => {
    const { stdout } = await host.run("pm", "install-create", "-r");
    const id = /^Success: created install session \[(\d+)\]\n$/.exec(stdout)?.[1] ?? "";
    const write = await host.run("pm", "install-write", id, "base", "app.apk");
    expect(write.stdout).toBe(`Success: streamed ${apk.length} bytes\n`);
    expect((await host.run("pm", "path", PACKAGE)).exitCode).toBe(1);
    expect((await host.run("pm", "install-commit", id)).stdout).toBe("Success\n");
    expect((await host.run("pm", "path", PACKAGE)).exitCode).toBe(0);
    expect((await host.run("pm", "install-commit", id)).stderr).toContain(`No such session: ${id}`);
  });

  test("a stream that ends early installs nothing", async () => {
    const install = host.start("cmd", "package", "install", "-S", String(apk.length));
    install.write(apk.subarray(0, 1000));
    install.end();
    const { stdout, exitCode } = await install.ended;
    expect(stdout).toMatch(/^Failure \[INSTALL_FAILED_INVALID_APK: /);
    expect(exitCode).toBe(1);
    expect(await staged()).toEqual([]);
  });

  test.each([
    ["no APK", Buffer.from("not an APK"), "INSTALL_PARSE_FAILED_NOT_APK"],
    ["nothing", Buffer.alloc(0), "INSTALL_PARSE_FAILED_NOT_APK"],
  ])("a file that is %s is refused", async (_name, bytes, code) => {
    await writeFile(join(host.folder, "bad.apk"), bytes);
    const { stdout, exitCode } = await host.run("pm", "install", "bad.apk");
    expect(stdout).toMatch(new RegExp(`^Failure \\[${code}: `));
    expect(exitCode).toBe(1);
    expect(await staged()).toEqual([]);
  });

  // The rules and words of FrameworkParsingPackageUtils.computeTargetSdkVersion and computeMinSdkVersion.
  describe("of an APK for a platform under development", () => {
    const RELEASE = " but this is a release platform.";
    const install = async (usesSdk: string): Promise<string> => {
      const manifest = `<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="com.example.a"><uses-sdk ${usesSdk}/></manifest>`;
      const built = await buildApk(new Map([["AndroidManifest.xml", Buffer.from(manifest)]]), { key: throwAwayKey() });
      await writeFile(join(host.folder, "codename.apk"), built);
      return (await host.run("pm", "install", "codename.apk")).stdout;
    };
    const refused = (why: string): string => `Failure [INSTALL_FAILED_OLDER_SDK: ${why}]\n`;
    afterEach(async () => {
      await host.run("pm", "uninstall", "com.example.a");
    });

    test.each([
      ['android:targetSdkVersion="VanillaIceCream"', `Requires development platform VanillaIceCream${RELEASE}`],
      ['android:minSdkVersion="Baklava"', `Requires development platform Baklava${RELEASE}`],
      [
        'android:minSdkVersion="30" android:targetSdkVersion="Baklava"',
        `Requires development platform Baklava${RELEASE}`,
      ],
      ['android:minSdkVersion="A" android:targetSdkVersion="B"', `Requires development platform B${RELEASE}`],
      ['android:minSdkVersion="A" android:targetSdkVersion="30"', `Requires development platform A${RELEASE}`],
      ['android:minSdkVersion="99" android:targetSdkVersion="B"', `Requires development platform B${RELEASE}`],
      [
        'android:minSdkVersion="99" android:targetSdkVersion="30"',
        "Requires newer sdk version #99 (current version is #35)",
      ],
    ])("a release refuses %s", async (usesSdk, why) => {
      expect(await install(usesSdk)).toBe(refused(why));
    });

    test("a device that is that platform takes it, and no other", async () => {
      const properties = jest
        .spyOn(host.device.properties, "get")
        .mockImplementation(
          ((get) => (name: string) =>
            name === "ro.build.version.all_codenames" ? "UpsideDownCake,Baklava" : get(name))(
            host.device.properties.get.bind(host.device.properties),
          ),
        );
      try {
        expect(await install('android:minSdkVersion="Baklava.c0ffee"')).toBe("Success\n");
        expect(await install('android:targetSdkVersion="Cinnamon"')).toBe(
          refused("Requires development platform Cinnamon (current platform is any of [UpsideDownCake, Baklava])"),
        );
        expect((await host.run("dumpsys", "package", "com.example.a")).stdout).toContain(" targetSdk=10000\n");
      } finally {
        properties.mockRestore();
      }
    });
  });

  test("one changed byte of the content is refused, and what was installed stays", async () => {
    await host.run("pm", "install", "app.apk");
    const bad = Buffer.from(apk);
    bad[40_000] = (bad[40_000] ?? 0) ^ 1;
    await writeFile(join(host.folder, "bad.apk"), bad);
    const { stdout } = await host.run("pm", "install", "-r", "bad.apk");
    expect(stdout).toMatch(/^Failure \[INSTALL_PARSE_FAILED_/);
    expect((await readFile(installed())).equals(apk)).toBe(true);
  });

  test("a file that the caller cannot open is an exception of Java's", async () => {
    const { stdout, stderr, exitCode } = await host.run("pm", "install", "none.apk");
    expect(stdout).toBe("");
    expect(stderr).toContain("Error: Unable to open file: none.apk\n");
    expect(stderr).toContain("Exception occurred while executing 'install':");
    expect(exitCode).toBe(255);
  });

  test("installing again needs no -r, but -R forbids it", async () => {
    expect((await host.run("pm", "install", "app.apk")).exitCode).toBe(0);
    expect((await host.run("pm", "install", "app.apk")).exitCode).toBe(0);
    expect((await host.run("pm", "install", "-R", "app.apk")).stdout).toContain("INSTALL_FAILED_ALREADY_EXISTS");
  });
});

describe("what is installed", () => {
  test("is listed, with path, version and user id when asked", async () => {
    await host.run("pm", "install", "app.apk");
    const { stdout } = await host.run("pm", "list", "packages", "-3", "-f", "-U", "--show-versioncode");
    expect(stdout).toMatch(
      new RegExp(`^package:/data/app/${PACKAGE}/base.apk=${PACKAGE} versionCode:\\d+ uid:1\\d{4}\n$`),
    );
    expect((await host.run("pm", "list", "packages", "shell")).stdout).toBe("package:com.android.shell\n");
  });

  test("is gone after uninstall; a second time is a failure", async () => {
    await host.run("pm", "install", "app.apk");
    expect((await host.run("cmd", "package", "uninstall", PACKAGE)).stdout).toBe("Success\n");
    expect(await host.run("pm", "path", PACKAGE)).toEqual({ exitCode: 1, stdout: "", stderr: "" });
    const again = await host.run("pm", "uninstall", PACKAGE);
    expect(again.stdout).toBe("Failure [DELETE_FAILED_INTERNAL_ERROR]\n");
    expect(again.exitCode).toBe(1);
  });

  test("permissions are granted, kept over an update, and revoked", async () => {
    const permission = "android.permission.MANAGE_VIRTUAL_MACHINE";
    const granted = (): boolean => host.device.packages.get(PACKAGE)!.grantedPermissions.includes(permission);
    await host.run("pm", "install", "app.apk");
    expect(granted()).toBe(false);
    expect((await host.run("pm", "grant", PACKAGE, permission)).exitCode).toBe(0);
    await host.run("pm", "install", "-r", "app.apk");
    expect(granted()).toBe(true);
    expect((await host.run("pm", "revoke", PACKAGE, permission)).exitCode).toBe(0);
    expect(granted()).toBe(false);
  });

  test("the feature of AVF is there, others are not", async () => {
    const feature = "android.software.virtualization_framework";
    expect(await host.run("pm", "has-feature", feature)).toMatchObject({ exitCode: 0, stdout: "true\n" });
    expect(await host.run("pm", "has-feature", "x.y")).toMatchObject({ exitCode: 1, stdout: "false\n" });
  });
});

test("unknown commands, options and services are reported as Android reports them", async () => {
  expect(await host.run("pm", "frobnicate")).toMatchObject({ exitCode: 255, stderr: "Unknown command: frobnicate\n" });
  expect((await host.run("pm", "install", "--frob", "app.apk")).stderr).toContain("Unknown option --frob");
  expect(await host.run("cmd", "activity")).toMatchObject({
    exitCode: 20,
    stderr: "cmd: Can't find service: activity\n",
  });
});

import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { run as runApk } from "./apk.js";
import { run as runIdsig } from "./idsig.js";

const fixtures = join(__dirname, "../../fixtures");
const apk = join(fixtures, "MicrodroidTestApp.apk");

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "avf-cli-"))));
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

async function call(run: (args: readonly string[]) => Promise<number>, ...args: readonly string[]) {
  let stdout = "";
  let stderr = "";
  jest.spyOn(process.stdout, "write").mockImplementation((text) => Boolean((stdout += String(text))));
  jest.spyOn(process.stderr, "write").mockImplementation((text) => Boolean((stderr += String(text))));
  const exitCode = await run(args);
  jest.restoreAllMocks();
  return { exitCode, stdout, stderr };
}

describe("avf apk show", () => {
  test("says package, version, signers, libraries and configs", async () => {
    const { exitCode, stdout } = await call(runApk, "show", apk);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^package +com\.android\.microdroid\.test$/m);
    expect(stdout).toMatch(/^v3 +holds: RSA PKCS#1 with SHA-256 \(0x0103\), SDK 24 to any$/m);
    expect(stdout).toMatch(/^lib\/x86_64 +MicrodroidTestExitPayload\.so$/m);
    expect(stdout).toMatch(
      /^config +assets\/vm_config\.json: microdroid_launcher MicrodroidTestPayload\.so arg1 arg2$/m,
    );
  });

  test("as JSON", async () => {
    const { stdout } = await call(runApk, "show", apk, "--json");
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, manifest: { packageName: "com.android.microdroid.test" } });
  });

  test("exit 1 and the reason for a signature that does not hold", async () => {
    const bytes = readFileSync(apk);
    const at = bytes.indexOf("Hello Microdroid");
    expect(at).toBeGreaterThan(0);
    bytes.write("J", at);
    const spoiled = join(folder, "spoiled.apk");
    writeFileSync(spoiled, bytes);
    const { exitCode, stderr, stdout } = await call(runApk, "show", spoiled, "--json");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("avf: refused, DIGEST_MISMATCH, v3: Digest mismatch: computed ");
    expect(JSON.parse(stdout)).toMatchObject({ ok: false });
  });

  test("exit 1 for what is no APK or not there, exit 2 for a wrong command line", async () => {
    writeFileSync(join(folder, "text"), "not an APK");
    expect(await call(runApk, "show", join(folder, "text"))).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("NOT_A_ZIP"),
    });
    expect(await call(runApk, "show", join(folder, "absent"))).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("ENOENT"),
    });
    for (const args of [["show"], ["show", "a", "b"], ["show", "a", "--no-such-option"]]) {
      expect((await call(runApk, ...args)).exitCode).toBe(2);
    }
    for (const args of [[], ["nothing"]]) await expect(runApk(args)).rejects.toMatchObject({ kind: "usage" });
  });
});

describe("avf apk build", () => {
  const source = () => {
    cpSync(join(fixtures, "MicrodroidTestApp"), join(folder, "app"), { recursive: true });
    return join(folder, "app");
  };

  test("makes an APK that shows", async () => {
    const target = join(folder, "out.apk");
    expect(await call(runApk, "build", source(), target)).toMatchObject({ exitCode: 0, stderr: "" });
    const { stdout } = await call(runApk, "show", target);
    expect(stdout).toMatch(/^v2 +holds: ECDSA with SHA-256/m);
  });

  test("with a given key: the same bytes each time", async () => {
    const key = ["--key", join(fixtures, "test-key.pk8"), "--cert", join(fixtures, "test-key.x509.pem")];
    const folderIn = source();
    for (const name of ["a.apk", "b.apk"]) await call(runApk, "build", folderIn, join(folder, name), ...key);
    expect(readFileSync(join(folder, "a.apk")).equals(readFileSync(join(folder, "b.apk")))).toBe(true);
  });

  test("a refused folder leaves no file behind", async () => {
    mkdirSync(join(folder, "empty"));
    const link = source();
    symlinkSync("/etc/passwd", join(link, "assets", "link"));
    for (const from of [join(folder, "empty"), link]) {
      const { exitCode, stderr } = await call(runApk, "build", from, join(folder, "out.apk"));
      expect(exitCode).toBe(1);
      expect(stderr).toContain("BAD_SOURCE_FOLDER");
    }
    expect(readdirSync(folder).sort()).toEqual(["app", "empty"]);
  });
});

describe("avf idsig", () => {
  test("create, show and verify", async () => {
    const target = join(folder, "out.idsig");
    expect((await call(runIdsig, "create", apk, target)).exitCode).toBe(0);
    const shown = await call(runIdsig, "show", target, "--json");
    expect(JSON.parse(shown.stdout)).toMatchObject({ ok: true, signed: false, treeOffset: 117, treeBytes: 4096 });
    const verified = await call(runIdsig, "verify", apk, target, "--json");
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, signature: "absent" });
    expect(readdirSync(folder)).toEqual(["out.idsig"]);
  });

  test("signed with the APK's key it is apksigner's, byte for byte", async () => {
    const target = join(folder, "out.idsig");
    const key = ["--key", join(fixtures, "test-key.pk8"), "--cert", join(fixtures, "test-key.x509.pem")];
    await call(runIdsig, "create", apk, target, ...key);
    expect(readFileSync(target).equals(readFileSync(`${apk}.idsig`))).toBe(true);
  });

  test("release 13 takes a file that is no APK, release 15 does not, and leaves nothing behind", async () => {
    const text = join(folder, "text");
    writeFileSync(text, "not an APK");
    expect(await call(runIdsig, "create", text)).toMatchObject({ exitCode: 1 });
    expect(readdirSync(folder)).toEqual(["text"]);
    expect(await call(runIdsig, "create", text, "--release", "13")).toMatchObject({ exitCode: 0 });
    expect(await call(runIdsig, "verify", text, `${text}.idsig`)).toMatchObject({ exitCode: 0 });
  });

  test("exit 1 and the reason for the idsig of another APK", async () => {
    const other = join(fixtures, "golden/rsa-2048.apk.idsig");
    const { exitCode, stderr, stdout } = await call(runIdsig, "verify", apk, other, "--json");
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^avf: refused, APK_DIGEST_MISMATCH: /);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, refusal: { code: "APK_DIGEST_MISMATCH" } });
  });

  test("exit 2 for a wrong command line", async () => {
    for (const args of [["create"], ["create", apk, "--release", "14"], ["verify", apk], ["show", "--sdk", "x"]]) {
      expect((await call(runIdsig, ...args)).exitCode).toBe(2);
    }
    await expect(runIdsig([])).rejects.toMatchObject({ kind: "usage" });
  });
});

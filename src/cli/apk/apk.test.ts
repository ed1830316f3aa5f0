import {
  copyFileSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { buildApk, parseIdsig } from "../../apk/index.js";
import { run as runApk } from "./apk.js";
import { run as runIdsig } from "./idsig.js";

const fixtures = join(__dirname, "../../../fixtures");
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

  test("exit 1 and the reason for an invalid signature", async () => {
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

  test("codenames, and of a manifest or signature that cannot be judged everything else", async () => {
    const usesSdk = async (name: string, attributes: string) => {
      mkdirSync(join(folder, name));
      const root = `<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="com.a">`;
      writeFileSync(join(folder, name, "AndroidManifest.xml"), `${root}<uses-sdk ${attributes}/></manifest>`);
      return await call(runApk, "build", join(folder, name), join(folder, `${name}.apk`));
    };
    expect(await usesSdk("codename", 'android:targetSdkVersion="VanillaIceCream"')).toMatchObject({ exitCode: 0 });
    const codename = await call(runApk, "show", join(folder, "codename.apk"));
    expect(codename).toMatchObject({ exitCode: 0, stderr: "" });
    expect(codename.stdout).toMatch(/^SDK +VanillaIceCream and later, made for VanillaIceCream$/m);

    const badManifest = join(folder, "manifest.apk");
    writeFileSync(
      badManifest,
      await buildApk(
        new Map([
          ["AndroidManifest.xml", Buffer.from([3, 0, 8, 0])],
          ["lib/x86_64/a.so", Buffer.from("a")],
        ]),
      ),
    );
    const shown = await call(runApk, "show", badManifest);
    expect(shown).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^avf: refused, \w+: .*AndroidManifest/),
    });
    expect(shown.stdout).toMatch(/^manifest +cannot be read\n(.*\n)*v3 +holds: (.*\n)*lib\/x86_64 +a\.so$/m);

    const dsa = await call(runApk, "show", join(fixtures, "golden/dsa-2048.apk"));
    expect(dsa.exitCode).toBe(1);
    expect(dsa.stderr).toMatch(/^avf: cannot judge, NO_SUPPORTED_ALGORITHM, v2: .*DSA is not supported/);
    expect(dsa.stdout).toMatch(/^package +com\.example\.golden$/m);
    expect(dsa.stdout).toMatch(
      /^v2 +not judged: DSA \(0x0301\)\n +digest +[0-9a-f]{64}\n +certificate +[0-9a-f]{64}\n +CN=golden dsa/m,
    );
  });

  test("of an APK with a damaged payload config, everything else", async () => {
    const config = Buffer.from('{"task": {"type": "microdroid_launcher", "command": "a.so"}}');
    const manifest = Buffer.from(`<manifest package="com.a"/>`);
    const bytes = await buildApk(
      new Map([
        ["AndroidManifest.xml", manifest],
        ["assets/bad.json", config],
        ["assets/vm_config.json", config],
      ]),
    );
    bytes.write("#", bytes.indexOf(config));
    writeFileSync(join(folder, "damaged.apk"), bytes);
    const { exitCode, stdout, stderr } = await call(runApk, "show", join(folder, "damaged.apk"));
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^avf: refused, CRC_MISMATCH: "assets\/bad\.json" .*\navf: refused, DIGEST_MISMATCH, v2: .*\navf: refused, DIGEST_MISMATCH, v3: /,
    );
    expect(stdout).toMatch(/^package +com\.a\n(.*\n)*config +assets\/vm_config\.json: microdroid_launcher a\.so$/m);
  });

  test("exit 1 for a file that is not an APK or does not exist, exit 2 for a wrong command line", async () => {
    writeFileSync(join(folder, "text"), "not an APK");
    expect(await call(runApk, "show", join(folder, "text"))).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("NOT_A_ZIP"),
    });
    expect(await call(runApk, "show", folder)).toMatchObject({
      exitCode: 1,
      stderr: `avf: refused, NOT_A_ZIP: ${folder} is a folder\n`,
    });
    await expect(call(runApk, "show", join(folder, "absent"))).rejects.toMatchObject({ code: "ENOENT" });
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

  test("into its own folder: what an earlier build has left there is no part of it", async () => {
    const key = ["--key", join(fixtures, "test-key.pk8"), "--cert", join(fixtures, "test-key.x509.pem")];
    const target = join(source(), "out.apk");
    const build = async () => {
      expect(await call(runApk, "build", join(folder, "app"), target, ...key)).toMatchObject({ exitCode: 0 });
      return readFileSync(target);
    };
    expect((await build()).equals(await build())).toBe(true);
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

  test("release 13 takes a file that is not an APK, release 15 does not, and leaves nothing behind", async () => {
    const text = join(folder, "text");
    writeFileSync(text, "not an APK");
    expect(await call(runIdsig, "create", text)).toMatchObject({ exitCode: 1 });
    expect(readdirSync(folder)).toEqual(["text"]);
    expect(await call(runIdsig, "create", text, "--release", "13")).toMatchObject({ exitCode: 0 });
    expect(await call(runIdsig, "verify", text, `${text}.idsig`)).toMatchObject({ exitCode: 0 });
  });

  // As root a rename would take the place of /dev/null.
  test.each([
    ["idsig create", (target: string) => call(runIdsig, "create", apk, target)],
    ["apk build", (target: string) => call(runApk, "build", join(fixtures, "MicrodroidTestApp"), target)],
  ])("the output of %s goes behind a link, and a pipe stays", async (_command, writeTo) => {
    const [target, link, pipe] = ["target", "link", "pipe"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(target, "old", { mode: 0o600 });
    symlinkSync(target, link);
    expect(await writeTo(link)).toMatchObject({ exitCode: 0 });
    expect([lstatSync(link).isSymbolicLink(), statSync(target).mode & 0o777]).toEqual([true, 0o600]);
    expect(statSync(target).size).toBeGreaterThan(1000);
    expect(spawnSync("mkfifo", [pipe]).status).toBe(0);
    expect(await writeTo(pipe)).toMatchObject({
      exitCode: 2,
      stderr: `avf: ${pipe} is not a plain file, and is not replaced.\nHint: name another file\n`,
    });
    expect(lstatSync(pipe).isFIFO()).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(["link", "pipe", "target"]);
  });

  test("of an APK signed with DSA, everything but the signature is judged", async () => {
    const dsa = join(fixtures, "golden/dsa-2048.apk");
    const unsigned = join(folder, "unsigned.idsig");
    await call(runIdsig, "create", dsa, unsigned, "--release", "13");
    expect(await call(runIdsig, "verify", dsa, unsigned)).toMatchObject({ exitCode: 0, stderr: "" });
    const made = parseIdsig(readFileSync(unsigned));
    const target = join(folder, "dsa.idsig");
    copyFileSync(`${dsa}.idsig`, target);
    expect(parseIdsig(readFileSync(target)).signingInfo.signatureAlgorithmId).toBe(0x0301);
    const verified = await call(runIdsig, "verify", dsa, target);
    expect(verified).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/ has the tree of .*signature unjudged$/m),
    });
    expect(verified.stderr).toMatch(/^avf: cannot judge, NO_SUPPORTED_ALGORITHM: the signature uses DSA \(0x0301\)/m);
    const json = JSON.parse((await call(runIdsig, "verify", dsa, target, "--json")).stdout) as unknown;
    expect(json).toMatchObject({
      ok: false,
      signature: "unjudged",
      rootHash: made.hashingInfo.rootHash.toString("hex"),
    });
    const spoiled = readFileSync(target);
    spoiled.writeUInt8(spoiled.readUInt8(spoiled.length - 4000) ^ 1, spoiled.length - 4000);
    writeFileSync(target, spoiled);
    expect((await call(runIdsig, "verify", dsa, target)).stderr).toMatch(/^avf: refused, TREE_MISMATCH: /);
  });

  test("an encrypted key says so", async () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const key = join(folder, "key.pem");
    const options = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" } as const;
    writeFileSync(key, privateKey.export(options));
    const { exitCode, stderr } = await call(runIdsig, "create", apk, join(folder, "out.idsig"), "--key", key);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^avf: refused, BAD_KEY: the private key cannot be read: it is encrypted.*\nHint: .*openssl pkey/,
    );
  });

  test("exit 1 and the reason for the idsig of another APK", async () => {
    const other = join(fixtures, "golden/rsa-2048.apk.idsig");
    const { exitCode, stderr, stdout } = await call(runIdsig, "verify", apk, other, "--json");
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^avf: refused, APK_DIGEST_MISMATCH: /);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, refusal: { code: "APK_DIGEST_MISMATCH" } });
  });

  test("never takes the place of its APK", async () => {
    const own = join(folder, "own.apk");
    copyFileSync(apk, own);
    symlinkSync(own, join(folder, "link"));
    for (const target of [own, join(folder, ".", "own.apk"), join(folder, "link")]) {
      expect(await call(runIdsig, "create", own, target)).toMatchObject({
        exitCode: 2,
        stderr: `avf: The idsig would take the place of its APK, ${own}.\nHint: name another file\n`,
      });
    }
    expect(readFileSync(own).equals(readFileSync(apk))).toBe(true);
  });

  test("exit 2 for a wrong command line", async () => {
    for (const args of [["create"], ["create", apk, "--release", "14"], ["verify", apk], ["show", "--sdk", "x"]]) {
      expect((await call(runIdsig, ...args)).exitCode).toBe(2);
    }
    await expect(runIdsig([])).rejects.toMatchObject({ kind: "usage" });
  });
});

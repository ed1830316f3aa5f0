"use strict";
// Idsig of a 1 GiB APK: ours, fsverity's, apksigner's, and OpenSSL's bare SHA-256 on all cores, in one run.
const { execFileSync, spawnSync } = require("node:child_process");
const { mkdtempSync, rmSync } = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { interleave, ratio, row, timed } = require("../statistics.cjs");

const GIBIBYTE = 1024 ** 3;
const ROUNDS = 5;
const fixtures = path.join(__dirname, "../../fixtures");
const keyArguments = ["--key", path.join(fixtures, "test-key.pk8"), "--cert", path.join(fixtures, "test-key.x509.pem")];
const library = path.join(__dirname, "../../dist/apk/index.js");

/** What `avf idsig create` does, without the command's own start, which first looks whether sources have changed. */
const OURS = `
const { openFileSource, writeIdsig, loadSigningKey } = require(process.argv[1]);
const fs = require("node:fs");
(async () => {
  const [, , apk, out, dialect, keyFile, certFile] = process.argv;
  const key = keyFile && loadSigningKey(fs.readFileSync(keyFile), { certificate: fs.readFileSync(certFile) });
  const fd = fs.openSync(out, "w");
  const source = await openFileSource(apk);
  const sink = { write: (offset, bytes) => void fs.writeSync(fd, bytes, 0, bytes.length, offset) };
  await writeIdsig(source, sink, { dialect: Number(dialect), key });
  await source.close();
  process.stderr.write(String(process.resourceUsage().maxRSS));
})();`;

/** One asset of noise that repeats each mebibyte. In a process of its own: children inherit the peak of their parent. */
const MAKE_APK = `
const { buildApk, loadSigningKey } = require(process.argv[1]);
const fs = require("node:fs");
const [, , apk, fixtures] = process.argv;
const key = loadSigningKey(fs.readFileSync(fixtures + "/test-key.pk8"), {
  certificate: fs.readFileSync(fixtures + "/test-key.x509.pem"),
});
const files = new Map([
  ["AndroidManifest.xml", fs.readFileSync(fixtures + "/MicrodroidTestApp/AndroidManifest.xml")],
  ["assets/data.bin", Buffer.alloc(1024 ** 3, require("node:crypto").randomBytes(1024 ** 2))],
]);
buildApk(files, { key }).then((bytes) => fs.writeFileSync(apk, bytes));`;

async function measure({ progress }) {
  const missing = ["fsverity", "apksigner", "openssl"].filter((name) => spawnSync(name, ["--version"]).error);
  if (missing.length > 0) return { skipped: `not installed: ${missing.join(", ")} (Debian packages of these names)` };
  const folder = mkdtempSync(path.join(os.tmpdir(), "avf-bench-"));
  try {
    return await compare(folder, progress);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function compare(folder, progress) {
  const apk = path.join(folder, "gibibyte.apk");
  const out = path.join(folder, "out.idsig");
  execFileSync(process.execPath, ["-e", MAKE_APK, library, apk, fixtures]);
  let peakKib = 0;
  const ours = (...args) => {
    const { stderr, status } = spawnSync(process.execPath, ["-e", OURS, library, apk, out, ...args], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(stderr);
    peakKib = Math.max(peakKib, Number(stderr));
  };
  const figures = await interleave(
    {
      floor: floorSeconds,
      fsverity: () =>
        seconds(() => execFileSync("fsverity", ["digest", `--out-merkle-tree=${out}`, apk], { stdio: "ignore" })),
      ours: () => seconds(() => ours("13")),
      apksigner: () => seconds(() => apksigner(folder, apk)),
      oursSigned: () => seconds(() => ours("15", keyArguments[1], keyArguments[3])),
    },
    // The first round only warms the file up.
    { rounds: ROUNDS, warmUps: 1, progress },
  );
  return [
    row("OpenSSL's SHA-256 on all cores", "s", figures.floor),
    row("ours, as AVF writes it", "s", figures.ours),
    row("fsverity digest", "s", figures.fsverity),
    row("ours, signed", "s", figures.oursSigned),
    row("apksigner sign, v4", "s", figures.apksigner),
    ratio("ours / SHA-256 alone", figures.ours, figures.floor),
    ratio("fsverity / ours", figures.fsverity, figures.ours, { atLeast: 1.5 }),
    ratio("apksigner / ours, signed", figures.apksigner, figures.oursSigned, { atLeast: 3 }),
    { ...row("peak memory of ours", "MiB", [peakKib / 1024]), atMost: 200 },
  ];
}

/** It cannot make an idsig without signing the APK as well, which is a part of what its users wait for. */
function apksigner(folder, apk) {
  const to = path.join(folder, "signed.apk");
  const args = [
    "sign",
    "--v1-signing-enabled",
    "false",
    "--v4-signing-enabled",
    "true",
    ...keyArguments,
    "--out",
    to,
    apk,
  ];
  execFileSync("apksigner", args, { stdio: "ignore" });
}

/** Seconds that all cores need for the SHA-256 of a gibibyte in blocks of 4 KiB, and nothing else. */
function floorSeconds() {
  const args = [
    "speed",
    "-seconds",
    "1",
    "-bytes",
    "4096",
    "-multi",
    String(os.availableParallelism()),
    "-evp",
    "sha256",
  ];
  const text = execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const [, thousands] = /^(?:evp|sha256)\s+([\d.]+)k/im.exec(text);
  return GIBIBYTE / (Number(thousands) * 1000);
}

async function seconds(run) {
  return (await timed(run)) / 1000;
}

module.exports = { measure };

"use strict";
// Idsig of a 1 GiB APK: ours, fsverity's, apksigner's, and OpenSSL's bare SHA-256 on all cores, in one run.
const { execFileSync, spawnSync } = require("node:child_process");
const { mkdtempSync, rmSync, statSync } = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const GIBIBYTE = 1024 ** 3;
const ROUNDS = 5;
const fixtures = path.join(__dirname, "../fixtures");
const keyArguments = ["--key", path.join(fixtures, "test-key.pk8"), "--cert", path.join(fixtures, "test-key.x509.pem")];
const library = path.join(__dirname, "../dist/apk/index.js");

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

function main() {
  const missing = ["fsverity", "apksigner", "openssl"].filter((name) => spawnSync(name, ["--version"]).error);
  if (missing.length > 0) throw new Error(`not installed: ${missing.join(", ")} (Debian packages of these names)`);
  const folder = mkdtempSync(path.join(os.tmpdir(), "avf-bench-"));
  try {
    const rows = measure(folder);
    const asJson = process.argv.includes("--json");
    process.stdout.write(asJson ? `${JSON.stringify(rows, undefined, 2)}\n` : table(rows));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function measure(folder) {
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
  const contenders = {
    floor: () => undefined,
    fsverity: () => execFileSync("fsverity", ["digest", `--out-merkle-tree=${out}`, apk], { stdio: "ignore" }),
    ours: () => ours("13"),
    apksigner: () => apksigner(folder, apk),
    oursSigned: () => ours("15", keyArguments[1], keyArguments[3]),
  };
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  // Round by round, so that a noisy moment hits all alike; the first round only warms the file up.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, run] of Object.entries(contenders)) {
      const seconds = name === "floor" ? floorSeconds() : timed(run);
      if (round > 0) times[name].push(seconds);
    }
  }
  const median = Object.fromEntries(
    Object.entries(times).map(([name, all]) => [name, all.sort((a, b) => a - b)[ROUNDS >> 1]]),
  );
  return {
    cores: os.availableParallelism(),
    loadAverage: os.loadavg()[0],
    apkBytes: statSync(apk).size,
    rounds: ROUNDS,
    medianSeconds: median,
    ratios: {
      fsverityToOurs: median.fsverity / median.ours,
      apksignerToOursSigned: median.apksigner / median.oursSigned,
      oursToFloor: median.ours / median.floor,
    },
    targets: { fsverityToOurs: 1.5, apksignerToOursSigned: 3 },
    peakMebibytes: peakKib / 1024,
  };
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

function timed(run) {
  const start = performance.now();
  run();
  return (performance.now() - start) / 1000;
}

function table({ cores, loadAverage, rounds, medianSeconds, ratios, targets, peakMebibytes }) {
  const seconds = (name) => `${medianSeconds[name].toFixed(2)} s`;
  return `Idsig of a 1 GiB APK, warm, ${cores} cores, whole processes, median of ${rounds}, load ${loadAverage.toFixed(1)}
  OpenSSL's SHA-256, all cores   ${seconds("floor")}
  ours, as AVF writes it         ${seconds("ours")}   ${ratios.oursToFloor.toFixed(2)} times the floor
  fsverity digest                ${seconds("fsverity")}   ${ratios.fsverityToOurs.toFixed(2)} times ours, wanted ${targets.fsverityToOurs}
  ours, signed                   ${seconds("oursSigned")}
  apksigner sign, v4             ${seconds("apksigner")}   ${ratios.apksignerToOursSigned.toFixed(2)} times ours, wanted ${targets.apksignerToOursSigned}
  peak memory of ours            ${peakMebibytes.toFixed(0)} MiB, wanted below 200
`;
}

try {
  main();
} catch (error) {
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 1;
}

/** With this machine's own apt and dpkg, and an archive in a folder. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { packageRoot } from "../../base/paths.js";
import type { PackageSet } from "./sets.js";
import { makeArchive, makeMachine, type LocalPackage } from "./testing/local-archive.js";

const SET: PackageSet = {
  ...{ folder: "packages", title: "device", release: "trixie" },
  ...{ wanted: ["tool"], kernel: "linux-image-cloud-amd64" },
};
const KERNEL = "linux-image-6.12.1-cloud-amd64";
const OTHERS: readonly LocalPackage[] = [
  { name: "library" },
  { name: "extra" },
  { name: KERNEL },
  { name: SET.kernel, fields: `Depends: ${KERNEL}` },
];
const FIELDS = "Depends: library\nRecommends: extra\nSuggests: extra";
const ARRIVED = ["library_1_amd64.deb", `${KERNEL}_1_amd64.deb`, "tool_1_amd64.deb"];

const onApt = existsSync("/usr/bin/apt-get") ? test : test.skip;
let folder: string;
let archive: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-apt-"));
  archive = join(folder, "archive");
  mkdirSync(archive);
  makeArchive(archive, SET.release, [{ name: "tool", fields: FIELDS }, ...OTHERS]);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** As built: only a process of its own has an environment of its own. */
const SCRIPT = `
const [file, set, folder] = process.argv.slice(1);
require(file).downloadPackages(JSON.parse(set), folder, { step() {}, detail() {} }).then(
  ({ debs }) => console.log(JSON.stringify(debs)),
  (error) => console.log(error.message),
);`;

/** The names of what came, or the error. */
function download(env: NodeJS.ProcessEnv): readonly string[] {
  const args = [
    join(packageRoot, "dist/emulator/packages/apt.js"),
    JSON.stringify(SET),
    join(folder, "own 'a\"=,{b,c}ü"),
  ];
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", SCRIPT, ...args], { env, encoding: "utf8" });
  if (!stdout.startsWith("[")) return [stdout, stderr];
  const debs = JSON.parse(stdout) as readonly string[];
  return debs.filter((deb) => existsSync(deb)).map((deb) => basename(deb));
}

onApt("packages of a mirror in a folder come as others do, with nothing that is only recommended", () => {
  const env = makeMachine(join(folder, "machine"), `deb [trusted=yes] file:${archive} ${SET.release} main`);
  expect(download(env)).toEqual(ARRIVED);
});

onApt("what the machine's apt does beside that has no part in it", () => {
  const elsewhere = join(folder, "elsewhere");
  mkdirSync(join(elsewhere, "partial"), { recursive: true });
  const env = makeMachine(join(folder, "machine"), `deb [trusted=yes] copy:${archive} ${SET.release} main`, [
    'APT::Install-Suggests "true";',
    'APT::Install-Recommends "true";',
    `Dir::Cache::Archives "${elsewhere}";`,
    // As of a program that wants root.
    'APT::Update::Pre-Invoke { "exit 1"; };',
    'APT::Update::Post-Invoke { "exit 1"; };',
    'APT::Update::Post-Invoke-Success { "exit 1"; };',
  ]);
  expect(download(env)).toEqual(ARRIVED);
  expect(readdirSync(elsewhere)).toEqual(["partial"]);
});

onApt("a machine without lists, as containers are, has its source nevertheless", () => {
  const env = makeMachine(join(folder, "machine"), `deb [trusted=yes] copy:${archive} ${SET.release} main`);
  rmSync(join(folder, "machine/lists"), { recursive: true });
  expect(download(env)).toEqual(ARRIVED);
});

onApt("apt may speak another language", () => {
  const env = makeMachine(join(folder, "machine"), `deb [trusted=yes] copy:${archive} ${SET.release} main`);
  // Where its texts are installed, "Depends:" is "Hängt ab von:" then.
  expect(download({ ...env, LANGUAGE: "de", LC_ALL: "C.UTF-8" })).toEqual(ARRIVED);
});

onApt("what a broken-off run of before a point release left is no part of the set", () => {
  const env = makeMachine(join(folder, "machine"), `deb [trusted=yes] copy:${archive} ${SET.release} main`);
  expect(download(env)).toEqual(ARRIVED);
  makeArchive(archive, SET.release, [{ name: "tool", version: "1:2", fields: FIELDS }, ...OTHERS]);
  expect(download(env)).toEqual([...ARRIVED.slice(0, 2), "tool_1%3a2_amd64.deb"]);
});

onApt("an archive without a signature is refused unless the machine trusts it", () => {
  const source = `deb [trusted=yes] copy:${archive} ${SET.release} main`;
  const env = makeMachine(join(folder, "machine"), source);
  writeFileSync(join(folder, "machine/sources.list"), `${source.replace("[trusted=yes] ", "")}\n`);
  expect(download(env)[0]).toContain("is not signed");
});

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, jest, test } from "@jest/globals";
import { DEVICE_PACKAGES } from "../../emulator/packages/sets.js";
import { avf, folder, pathWithout, removeMachines, type Machine } from "./testing/broken-machine.js";

afterAll(removeMachines);
jest.setTimeout(240_000);

const { release } = DEVICE_PACKAGES;
/** An archive of the wanted release, from which one package comes. */
const PROGRAMS = {
  "apt-get": `case "$*" in
    *indextargets*) echo 'mirror:a/|${release}|main|${release}|/none:1' ;;
    *print-uris*) echo "'mirror:a/adb.deb' adb_1_amd64.deb 10 SHA256:0" ;;
    *download-only*) echo "a package" > adb_1_amd64.deb ;;
  esac`,
  "apt-cache": "echo 'Depends: linux-image-1-cloud-amd64'",
  "dpkg-deb": '/bin/mkdir -p "$3/usr/bin" && /bin/cp "$2" "$3/usr/bin/adb"',
};
const WRITE_ERROR = "E: Write error - write (28: No space left on device)";

function machine(cache: string, programs: Partial<typeof PROGRAMS> = {}): Machine {
  return { env: { AVF_CACHE_DIR: cache, PATH: pathWithout([], { ...PROGRAMS, ...programs }) } };
}

/** It unpacks some, and then fails. */
function unpacksUntil(words: string): Partial<typeof PROGRAMS> {
  return { "dpkg-deb": `${PROGRAMS["dpkg-deb"]}; echo 'dpkg-deb: error: ${words}' >&2; exit 2` };
}

test.each([
  [
    "a disk that becomes full while packages are unpacked",
    unpacksUntil("failed to write to pipe: No space left on device"),
    /^avf: No disk space left to unpack the device's packages in \S+[^]*Hint: make room there.* AVF_CACHE_DIR=/m,
  ],
  [
    "a disk that becomes full while they come",
    { "apt-get": `case "$*" in *download-only*) echo "${WRITE_ERROR}" >&2; exit 100;; esac\n${PROGRAMS["apt-get"]}` },
    /^avf: No disk space left for the packages of the device in \S+[^]*Hint: make room there.* AVF_CACHE_DIR=/m,
  ],
  [
    "a package that is damaged",
    unpacksUntil("unexpected end of file in archive member"),
    /^avf: adb_1_amd64\.deb cannot be unpacked and was removed\.[^]*Hint: run the same command again/m,
  ],
  [
    "an archive that is out of reach",
    {
      "apt-get": `case "$*" in
      *download-only*) echo "E: Unable to locate package qemu-system-x86" >&2; exit 100 ;;
      *" update "*) echo "W: Failed to fetch http://a/InRelease  Temporary failure resolving 'a'" >&2; exit 0 ;;
      esac\n${PROGRAMS["apt-get"]}`,
    },
    /^avf: Could not get the packages[^]*Hint: .*network, proxy[^]*Failed to fetch .* Temporary failure resolving 'a'\n.*Unable to locate/m,
  ],
])("%s is reported, no half tree stays, and the second try works", async (_what, programs, words) => {
  const cache = folder();
  const packages = join(cache, DEVICE_PACKAGES.folder);
  const first = await avf(["setup"], machine(cache, programs));
  expect(first.codes).toBe("1");
  expect(first.stderr).toMatch(words);
  expect(readdirSync(packages)).toEqual(["apt"]);
  // As far as one package leads.
  const second = await avf(["setup"], machine(cache));
  expect(second.stderr).not.toMatch(words);
  expect(existsSync(join(packages, "packages.json"))).toBe(true);
});

import { describe, expect, test } from "@jest/globals";
import { sourcesOf } from "./apt-sources.js";

const FILES: Readonly<Record<string, string>> = {
  "/etc/apt/sources.list": `# comment
deb [arch=amd64 signed-by=/keys/debian.gpg] mirror main
deb mirror stable-security main
deb [ trusted=yes  check-valid-until=no lang=en ] mirror bookworm main # [signed-by=/none]
`,
  "/etc/apt/sources.list.d/debian.sources": `Types: deb
# a comment within
URIs: mirror
Suites: bookworm
Signed-By: /keys/archive.gpg

Types: deb
Suites: bookworm-security
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc=
 -----END PGP PUBLIC KEY BLOCK-----
Components: main
`,
  "/x.sources": "Types: deb\nURIs: a\n \t\nSuites: bookworm\n\nTypes: deb\nSigned-By: /keys/second.gpg\n",
};

const sources = (...indexTargets: string[]): Promise<string> =>
  sourcesOf(
    {
      ...{ indexTargets: indexTargets.join("\n"), codename: "bookworm" },
      readText: async (path) => FILES[path] ?? Promise.reject(new Error("no such file")),
    },
    "trixie",
  );
const file = "/etc/apt/sources.list.d/debian.sources";

test("the archive of the machine's own release is asked for the pinned one, with the key that the machine trusts", async () => {
  const text = await sources(
    `mirror:b/|bookworm-security|main|bookworm-security|${file}:2`,
    `mirror:a/|bookworm|contrib|bookworm|/x:1`,
    `mirror:a/|bookworm|main|bookworm|${file}:1`,
  );
  expect(text).toBe(
    "Types: deb\nURIs: mirror:a/\nSuites: trixie\nComponents: main\nArchitectures: amd64\nSigned-By: /keys/archive.gpg\n",
  );
});

test("a source of the pinned release itself goes first", async () => {
  const text = await sources(
    `mirror:a/|bookworm|main|bookworm|${file}:1`,
    "mirror:c/|testing|main|trixie|/etc/apt/sources.list:2",
    "mirror:d/|trixie-security|main|trixie-security|/x:1",
  );
  expect(text).toBe(
    "Types: deb\nURIs: mirror:c/\nSuites: trixie\nComponents: main\nArchitectures: amd64\nSigned-By: /keys/debian.gpg\n",
  );
});

test("of a source's options those are kept that say how its archive is checked", async () => {
  const text = await sources("mirror:a/|bookworm|main|bookworm|/etc/apt/sources.list:4");
  expect(text).toMatch(/^Architectures: amd64\nTrusted: yes\nCheck-Valid-Until: no\n$/m);
});

test("a line of blanks does not end a stanza for apt", async () => {
  expect(await sources("mirror:a/|bookworm|main|bookworm|/x.sources:2")).toContain("Signed-By: /keys/second.gpg\n");
});

describe("others publish packages under the names of Debian's releases", () => {
  const debian = `mirror:debian/|bookworm|main|bookworm|${file}:1|Debian`;
  test.each([
    ["the machine's own", "mirror:tools/|bookworm|main|bookworm|/x:1|Tools"],
    ["the wanted one", "mirror:tools/|trixie|main|trixie|/x:1|Tools"],
  ])("%s: Debian's archive is asked nevertheless", async (_name, other) => {
    for (const targets of [
      [other, debian],
      [debian, other],
    ])
      expect(await sources(...targets)).toContain("URIs: mirror:debian/\n");
  });

  test("a mirror that calls itself otherwise is better than none", async () => {
    expect(await sources("mirror:own/|bookworm|main|bookworm|/x:1|Company")).toContain("URIs: mirror:own/\n");
  });

  test("a machine of unstable has the archive that all releases are in", async () => {
    const updates = "mirror:b/|trixie-updates|main|trixie-updates|/x:1|Debian";
    expect(await sources(updates, "mirror:a/|unstable|main|sid|/x:2|Debian")).toContain("URIs: mirror:a/\n");
    await expect(sources(updates)).rejects.toMatchObject({ code: "NO_PACKAGE_SOURCE" });
  });
});

test("a disk with a name is not asked, and packages in a folder are copied from there", async () => {
  const disk = "cdrom://[Debian GNU/Linux 12.0.0 _Bookworm_ - Official amd64 DVD]/|bookworm|main|bookworm|/x:1|Debian";
  expect(await sources(disk, "file:/srv/debian/|bookworm|main|bookworm|/x:2|Debian")).toContain(
    "URIs: copy:/srv/debian/\n",
  );
  await expect(sources(disk)).rejects.toMatchObject({ code: "NO_PACKAGE_SOURCE" });
});

test("a key in the source itself is used", async () => {
  const text = await sources(`mirror:b/|stable|main|bookworm|${file}:2`);
  expect(text).toContain(
    "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc=\n -----END PGP PUBLIC KEY BLOCK-----",
  );
});

test.each([
  ["of another archive only", "mirror:a/|nodistro|main|nodistro|/x:1"],
  ["of updates only, which lack most packages", "mirror:a/|bookworm-updates|main|bookworm-updates|/x:1"],
  ["at all", ""],
])("without a source %s no device can be made", async (_name, target) => {
  await expect(sources(target)).rejects.toMatchObject({
    code: "NO_PACKAGE_SOURCE",
    hint: expect.stringContaining("apt-get update"),
  });
});

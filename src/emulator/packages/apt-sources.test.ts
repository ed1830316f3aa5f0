import { expect, test } from "@jest/globals";
import { sourcesOf } from "./apt-sources.js";

const FILES: Readonly<Record<string, string>> = {
  "/etc/apt/sources.list": `# comment
deb [arch=amd64 signed-by=/keys/debian.gpg] mirror main
deb mirror stable-security main
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

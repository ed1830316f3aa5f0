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
  sourcesOf({
    ...{ indexTargets: indexTargets.join("\n"), codename: "bookworm" },
    readText: async (path) => FILES[path] ?? Promise.reject(new Error("no such file")),
  });

test("sources of the release are taken over with their keys, and backports of the same archive join them", async () => {
  const file = "/etc/apt/sources.list.d/debian.sources";
  const text = await sources(
    `mirror:a/|bookworm|main|bookworm|${file}:1`,
    `mirror:a/|bookworm|contrib|bookworm|${file}:1`,
    `mirror:b/|bookworm-security|main|bookworm-security|${file}:2`,
    `mirror:c/|trixie|main|trixie|${file}:1`,
  );
  expect(text.split("\n\n")).toEqual([
    "Types: deb\nURIs: mirror:a/\nSuites: bookworm\nComponents: main\nArchitectures: amd64\nSigned-By: /keys/archive.gpg",
    "Types: deb\nURIs: mirror:b/\nSuites: bookworm-security\nComponents: main\nArchitectures: amd64\nSigned-By:\n" +
      " -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc=\n -----END PGP PUBLIC KEY BLOCK-----",
    "Types: deb\nURIs: mirror:a/\nSuites: bookworm-backports\nComponents: main\nArchitectures: amd64\nSigned-By: /keys/archive.gpg\n",
  ]);
});

test("sources named by an alias of the release count as well", async () => {
  const text = await sources(
    "mirror:a/|stable|main|bookworm|/etc/apt/sources.list:2",
    "mirror:a/|stable-security|main|bookworm-security|/etc/apt/sources.list:3",
    "mirror:a/|testing|main|trixie|/etc/apt/sources.list:4",
  );
  expect([...text.matchAll(/^Suites: (.*)$/gm)].map((match) => match[1])).toEqual([
    ...["stable", "stable-security", "bookworm-backports"],
  ]);
  expect([...text.matchAll(/^Signed-By: (.*)$/gm)].map((match) => match[1])).toEqual([
    ...["/keys/debian.gpg", "/keys/debian.gpg"],
  ]);
});

test("without a source of the release there is nothing to make an image from", async () => {
  await expect(sources("mirror:a/|trixie|main|trixie|/x:1")).rejects.toMatchObject({
    code: "NO_PACKAGE_SOURCE",
    hint: expect.stringContaining("apt-get update"),
  });
});

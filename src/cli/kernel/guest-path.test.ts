import { expect, test } from "@jest/globals";
import type { InitramfsFile } from "../../images/index.js";
import { isFileOfGuest } from "./guest-path.js";

const folder = { folder: true } as const;
const sh = { file: "/host/sh" };
const link = (target: string): InitramfsFile => ({ link: target });

test.each<[string, Record<string, InitramfsFile>]>([
  ["itself", { bin: folder, "bin/sh": sh }],
  ["a link to a neighbour", { bin: folder, "bin/sh": link("dash"), "bin/dash": sh }],
  ["a link of its folder", { usr: folder, "usr/bin": folder, "usr/bin/sh": sh, bin: link("usr/bin") }],
  ["one that begins with a dot", { usr: folder, "usr/bin": folder, "usr/bin/sh": sh, bin: link("./usr/bin/") }],
  ["one from the root", { usr: folder, "usr/bin": folder, "usr/bin/sh": sh, bin: link("/usr/bin") }],
  [
    "one above the root, which is the root",
    { usr: folder, "usr/bin": folder, "usr/bin/sh": sh, bin: link("../usr/bin") },
  ],
  ["links of links", { a: folder, "a/sh": sh, usr: folder, "usr/bin": link("../a"), bin: link("usr/bin") }],
])("/bin/sh is there: %s", (_what, files) => {
  expect(isFileOfGuest(new Map(Object.entries(files)), "bin/sh")).toBe(true);
});

test.each<[string, Record<string, InitramfsFile>]>([
  ["nothing", {}],
  ["a folder", { bin: folder, "bin/sh": folder }],
  ["a link to nothing", { bin: folder, "bin/sh": link("dash") }],
  ["a link out of the folder of the host", { bin: folder, "bin/sh": link("/host/sh") }],
  ["a link to itself", { bin: link("bin") }],
  ["two links to each other", { bin: link("sbin"), sbin: link("./bin") }],
  ["a link that grows", { bin: link("bin/x") }],
  ["a file instead of its folder", { bin: sh }],
])("/bin/sh is not there: %s", (_what, files) => {
  expect(isFileOfGuest(new Map(Object.entries(files)), "bin/sh")).toBe(false);
});

import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startHeldFile } from "./held-file.js";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "avf-held-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test("a held VM's file has earlier and later output, up to a limit, and says where it is truncated", () => {
  const path = join(folder, "vm1.console.held.txt");
  const add = startHeldFile(path, "before\n", 10);
  for (const line of ["1\n", "2\n", "3456789\n", "never there\n"]) add(line);
  expect(readFileSync(path, "utf8")).toBe(
    "before\n1\n2\n[avf: this file ends here because it is long; the VM continues]\n",
  );
});

test("a file that cannot be written does not end the hold", () => {
  const path = join(folder, "console.txt");
  const add = startHeldFile(path, "");
  rmSync(folder, { recursive: true });
  expect(() => add("line\n")).not.toThrow();
  folder = mkdtempSync(join(tmpdir(), "avf-held-"));
});

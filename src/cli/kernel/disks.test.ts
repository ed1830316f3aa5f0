import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtualMachineCustomImageConfig, type VirtualMachine } from "../../virtualmachine/index.js";
import { parseDisks, pullDisks } from "./disks.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-disks-"));
  for (const name of ["a", "b", "c:rw", "d\ne"]) writeFileSync(join(folder, name), name);
  symlinkSync("a", join(folder, "link"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const parse = (...names: readonly string[]): ReturnType<typeof parseDisks> =>
  parseDisks(names.map((name) => join(folder, name)));

test("a disk is read-only unless :rw says otherwise; a file may be called so", async () => {
  const file = (name: string): string => join(folder, name);
  expect(await parse("a", "b:rw", "a:ro", "c:rw", "d\ne:rw", "gone:rw")).toEqual([
    { file: file("a"), writable: false },
    { file: file("b"), writable: true },
    { file: file("a"), writable: false },
    { file: file("c:rw"), writable: false },
    { file: file("d\ne"), writable: true },
    { file: file("gone"), writable: true },
  ]);
});

test.each([
  ["a:rw", "a:rw"],
  ["a", "b", "a:rw"],
  ["link:rw", "a"],
  ["gone:rw", "gone"],
])("%s and %s would lose what the VM writes", async (...names) => {
  await expect(parse(...names)).rejects.toMatchObject({
    code: "BAD_ARGUMENTS",
    message: expect.stringMatching(/^--disk names \S+(a|link|gone) twice, and with :rw at least once\./),
  });
});

test("what the VM wrote is pulled to the files of its writable disks, until that is given up", async () => {
  const { Builder, Disk } = VirtualMachineCustomImageConfig;
  const image = new Builder().addDisk(Disk.RWDisk("/d/0")).addDisk(Disk.RODisk("/d/1")).addDisk(Disk.RWDisk("/d/2"));
  const vm = { getConfig: () => ({ getCustomImageConfig: () => image.build() }) } as unknown as VirtualMachine;
  const pulled: unknown[] = [];
  const device = { pull: async (...given: readonly unknown[]) => void pulled.push(given) };
  const { signal } = new AbortController();
  const disks = await parse("a", "b:rw");
  await pullDisks(device, vm, disks, { before: 1, signal });
  expect(pulled).toEqual([["/d/2", join(folder, "b"), expect.objectContaining({ maxBytes: 1, signal })]]);
});

import { expect, test } from "@jest/globals";
import type { App } from "../app.js";
import { lookAtFiles } from "./look-at-files.js";

const kernel = { onDevice: "/data/local/tmp/kernel" };
const bootloader = Buffer.alloc(64 << 10);
const look = (spec: object) => lookAtFiles(spec, { root: "/root", owner: {} as App });

test("files of the device, and bytes, are taken as they are", async () => {
  const part = { label: "a", file: Buffer.alloc(512) };
  const disks = [kernel, Buffer.alloc(512), { file: kernel, writable: true }, { partitions: [part] }];
  expect(await look({ kernel, disks, cpus: "all" })).toMatchObject({
    ...{ kernel, bootloader: undefined, initrd: undefined },
    disks: [{ file: kernel }, { file: disks[1] }, { file: kernel, writable: true }, { partitions: [part] }],
  });
  expect(await look({ bootloader })).toMatchObject({ kernel: undefined, bootloader });
});

test.each<[string, object, RegExp]>([
  ["nothing", {}, /takes one of kernel and bootloader/],
  ["two that boot", { kernel, bootloader }, /takes one of kernel and bootloader/],
  ["an initrd for firmware", { bootloader, initrd: kernel }, /takes no initrd with a bootloader/],
  ["params for firmware", { bootloader, params: "quiet" }, /takes no params with a bootloader/],
  ["a number of processors", { kernel, cpus: 2 }, /takes "one" or "all" for cpus, not 2\./],
  ["a disk of nothing", { kernel, disks: [{ writable: true }] }, /takes disks with a file or with partitions/],
  ["a kernel as buildInitramfs takes files", { kernel: { file: "k" } }, /takes a kernel as a path of this host, bytes/],
  ["null for an initrd", { kernel, initrd: null }, /takes an initrd as a path of this host/],
  ["a partition without label", { kernel, disks: [{ partitions: [{ file: kernel }] }] }, /takes a label for each/],
  [
    "a partition of nothing",
    { kernel, disks: [{ partitions: [{ label: "a" }] }] },
    /takes a partition's file as a path/,
  ],
  ["a disk without a list", { kernel, disks: "root.img" }, /takes a list of disks\./],
  [
    "a disk that is not there",
    { kernel, disks: [kernel, undefined] },
    /takes disks as files or objects, not undefined\./,
  ],
  ["a partition that is none", { kernel, disks: [{ partitions: [null] }] }, /takes partitions as .* not null\./],
  ["a number for params", { kernel, params: ["quiet", 7] }, /takes params as text, or as a list of texts\./],
])("%s is refused by name", async (_what, spec, message) => {
  const refused = look(spec);
  await expect(refused).rejects.toMatchObject({ kind: "usage", code: "CUSTOM_VM" });
  await expect(refused).rejects.toThrow(message);
});

test("bytes that are no kernel, and no disk of plain bytes", async () => {
  await expect(look({ kernel: Buffer.from("text") })).rejects.toMatchObject({ code: "BAD_IMAGE_FILE" });
  await expect(look({ kernel, disks: [Buffer.from("QFI\xfb", "latin1")] })).rejects.toThrow(/a qcow2 image/);
});

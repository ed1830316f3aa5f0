/** Looks at a file that is to be a disk of a VM: the bytes of one, as they are. */
import { openFile, problemOf } from "./open-file.js";

const FORMATS: readonly (readonly [name: string, magic: string])[] = [
  ["a qcow2 image", "QFI\xfb"],
  ["a VMDK image", "KDMV"],
  ["an Android sparse image", "\x3a\xff\x26\xed"],
];

/** @returns its size @throws UsageError naming file and reason */
export async function lookAtDisk(source: string | Uint8Array): Promise<number> {
  await using file = await openFile(source, "a disk");
  const head = (await file.read(0, 4)).toString("latin1");
  const format = FORMATS.find(([, magic]) => head === magic)?.[0];
  if (format === undefined) return file.bytes;
  const tool = format.includes("sparse") ? "simg2img FILE disk.img" : "qemu-img convert -O raw FILE disk.img";
  throw problemOf(file, `it is ${format}, and the monitor reads plain bytes`, tool);
}

/** Images in containers: crosvm may read them, QEMU here does not, and neither may follow one to another file. */
import { ServiceError } from "../service-error.js";
import type { NamedFile } from "./raw-vm-config.js";

const MAGICS: readonly { readonly magic: Buffer; readonly format: string }[] = [
  { magic: Buffer.from("QFI\xfb", "latin1"), format: "QCOW2" },
  { magic: Buffer.from([0x3a, 0xff, 0x26, 0xed]), format: "Android sparse" },
  { magic: Buffer.from("composite_disk\x1d", "latin1"), format: "composite disk" },
];

/** Throws `ServiceError` for what is no raw image. */
export async function checkImageFormat({ path, file }: NamedFile): Promise<void> {
  const head = Buffer.alloc(16);
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  const found = MAGICS.find(({ magic }) => head.subarray(0, bytesRead).subarray(0, magic.length).equals(magic));
  if (found === undefined) return;
  const why = `${path} is a ${found.format} image: the emulated device takes raw images only (qemu-img convert -O raw)`;
  throw new ServiceError("EX_UNSUPPORTED_OPERATION", why);
}

/** APKs with a payload that is compiled during the test, for the emulated guest and its glibc. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { payloadApk } from "./payload-apk";

const ROOT = join(__dirname, "../../..");

/** @param name of `../payloads/<name>.c`; the library is `<name>.so` */
export async function apkOfSource(name: string, flags: readonly string[] = []): Promise<Buffer> {
  return payloadApk({ entries: { [`lib/x86_64/${name}.so`]: await compilePayload(name, flags) } });
}

export async function compilePayload(name: string, flags: readonly string[] = []): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "avf-payload-"));
  try {
    const library = join(folder, `${name}.so`);
    const source = join(__dirname, "../payloads", `${name}.c`);
    const options = ["-shared", "-fPIC", "-O1", "-Wall", "-I", join(ROOT, "src/guest/payload-api"), ...flags];
    await promisify(execFile)("gcc", [...options, "-o", library, source]);
    return await readFile(library);
  } finally {
    await rm(folder, { recursive: true });
  }
}

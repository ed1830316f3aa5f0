/** Who may connect to adbd: the file that Android has for it, read at each connection (client/adbd/adbd-auth.c). */
import { chown, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

const SHELL_GID = 2000;
const MAX_KEYS = 64;
const KEY = /^[A-Za-z0-9+/]{1,2000}={0,2}$/;

/** Replaces all that were there. @throws Error for what is no list of keys */
export async function setAdbKeys(path: string, value: unknown): Promise<void> {
  if (
    !Array.isArray(value) ||
    value.length > MAX_KEYS ||
    !value.every((key) => typeof key === "string" && KEY.test(key))
  )
    throw new Error("adbKeys are lines of base64");
  const content = value.map((key: string) => `${key} host\n`).join("");
  if ((await readFile(path, "utf8").catch(() => undefined)) === content) return;
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.tmp`;
  await writeFile(draft, content, { mode: 0o640 });
  // adbd runs as shell. A test's device belongs to whoever runs it.
  if (process.getuid?.() === 0) await chown(draft, 0, SHELL_GID);
  await rename(draft, path);
}

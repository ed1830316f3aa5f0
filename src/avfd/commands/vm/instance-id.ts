/** The file of `--instance-id-file`: it distinguishes VMs of one payload. */
import { constants, type FileHandle } from "node:fs/promises";
import { openIfThere, type Caller } from "../../caller.js";
import { kernelRandomBytes } from "../../kernel-random.js";
import { ToolError } from "./rust-text.js";

const INSTANCE_ID_BYTES = 64;

/** Undefined when it is missing. Does not wait for the other end of a pipe. */
export function openInstanceId(caller: Caller, path: string): Promise<FileHandle | undefined> {
  return openIfThere(caller, path, constants.O_RDONLY | constants.O_NONBLOCK);
}

/**
 * Its first 64 bytes; a file that is missing is made with random ones. Throws `ToolError`.
 * @param opening by `openInstanceId`; undefined: it was missing, which may have changed since
 */
export async function readOrMakeInstanceId(
  caller: Caller,
  path: string,
  opening: Promise<FileHandle | undefined>,
): Promise<Buffer> {
  // Android's tool has no words of its own for these.
  const file = (await opening) ?? (await openInstanceId(caller, path));
  if (!file) return makeInstanceId(caller, path);
  try {
    const id = Buffer.alloc(INSTANCE_ID_BYTES);
    const { bytesRead } = await file.read(id, 0, INSTANCE_ID_BYTES, 0);
    if (bytesRead < INSTANCE_ID_BYTES) throw new ToolError("failed to fill whole buffer");
    return id;
  } finally {
    await file.close();
  }
}

async function makeInstanceId(caller: Caller, path: string): Promise<Buffer> {
  const id = kernelRandomBytes(INSTANCE_ID_BYTES);
  const file = await caller.open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
  try {
    await file.writeFile(id);
    await file.sync();
  } finally {
    await file.close();
  }
  return id;
}

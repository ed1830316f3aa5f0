/** Feeds a file to the Merkle tree builder and its levels to a sink, without holding either. */
import { readRange, type ByteSink, type ByteSource, type FileSource } from "../byte-source.js";
import { hashFile, isWorthThreads } from "./hash-threads.js";
import { MerkleTreeBuilder, padSalt } from "./merkle-tree.js";

interface BuildTreeOptions {
  readonly salt?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

const READ_BYTES = 1024 * 1024;

/** Large files are hashed on all cores. @returns the root hash */
export async function buildTree(
  source: ByteSource,
  sink: ByteSink | undefined,
  { salt, signal }: BuildTreeOptions = {},
): Promise<Buffer> {
  const pending: { readonly offset: number; readonly bytes: Buffer }[] = [];
  const keep = sink && ((offset: number, bytes: Buffer) => void pending.push({ offset, bytes: Buffer.from(bytes) }));
  const drain = async () => {
    for (const { offset, bytes } of pending.splice(0)) await sink?.write(offset, bytes);
  };
  const tree = new MerkleTreeBuilder(source.size, { salt, sink: keep });
  if (isFile(source) && isWorthThreads(source.size)) {
    const onDigests = async (digests: Buffer) => {
      tree.addDigests(digests);
      await drain();
    };
    await hashFile(source.fd, source.size, { prefix: padSalt(salt), onDigests, signal });
  } else {
    for (let offset = 0; offset < source.size; offset += READ_BYTES) {
      signal?.throwIfAborted();
      tree.update(await readRange(source, offset, Math.min(READ_BYTES, source.size - offset), "file"));
      await drain();
    }
  }
  const { rootHash } = tree.finish();
  await drain();
  return rootHash;
}

function isFile(source: ByteSource): source is FileSource {
  return "fd" in source && typeof source.fd === "number";
}

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { openFileSource, type ByteSource, type FileSource } from "../byte-source.js";
import { createIdsig } from "./create.js";
import { hashFile, isWorthThreads } from "./hash-threads.js";
import { padSalt } from "./merkle-tree.js";

const MEBIBYTE = 1024 * 1024;
const SIZE = 40 * MEBIBYTE + 4097;

describe("hashing on several threads", () => {
  let folder: string;
  let source: FileSource;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "avf-threads-"));
    const path = join(folder, "file");
    await using file = await open(path, "w");
    // Sparse, with a different word in each mebibyte so that no two jobs have the same digests.
    await file.truncate(SIZE);
    for (let at = 0; at < SIZE; at += MEBIBYTE) await file.write(`mebibyte ${at}`, at);
    source = await openFileSource(path);
  });

  afterAll(async () => {
    await source.close();
    rmSync(folder, { recursive: true });
  });

  const digestOfAll = async (options: {
    readonly threads?: number;
    readonly salt?: Buffer;
    readonly size?: number;
  }) => {
    const all = createHash("sha256");
    const onDigests = async (digests: Buffer) => void all.update(digests);
    const { threads, salt, size = SIZE } = options;
    await hashFile(source.fd, size, { prefix: padSalt(salt), onDigests, threads });
    return all.digest("hex");
  };

  test("gives the tree that one thread gives", async () => {
    expect(isWorthThreads(SIZE)).toBe(true);
    const { size, read } = source;
    const withoutFd: ByteSource = { size, read };
    const threaded = await createIdsig(source, { dialect: 13 });
    expect(threaded.equals(await createIdsig(withoutFd, { dialect: 13 }))).toBe(true);
  });

  test("gives the same with any number of threads, and salted", async () => {
    const alone = await digestOfAll({ threads: 1 });
    expect(await digestOfAll({ threads: 5 })).toBe(alone);
    const salted = await digestOfAll({ threads: 1, salt: Buffer.from("salt") });
    expect(await digestOfAll({ threads: 3, salt: Buffer.from("salt") })).toBe(salted);
    expect(salted).not.toBe(alone);
  });

  test("a file that ends early is refused", async () => {
    await expect(digestOfAll({ size: SIZE + 10 * MEBIBYTE })).rejects.toMatchObject({ code: "TRUNCATED" });
  });

  test("an abort ends it, before and in the middle", async () => {
    const reason = new Error("no longer wanted");
    const onDigests = async (): Promise<void> => undefined;
    const prefix = Buffer.alloc(0);
    await expect(hashFile(source.fd, SIZE, { prefix, onDigests, signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    const middle = new AbortController();
    const aborting = async (): Promise<void> => middle.abort(reason);
    await expect(hashFile(source.fd, SIZE, { prefix, onDigests: aborting, signal: middle.signal })).rejects.toBe(
      reason,
    );
  });

  test("a sink that fails fails the whole", async () => {
    const full = new Error("disk is full");
    const onDigests = async (): Promise<void> => {
      throw full;
    };
    await expect(hashFile(source.fd, SIZE, { prefix: Buffer.alloc(0), onDigests })).rejects.toBe(full);
  });
});

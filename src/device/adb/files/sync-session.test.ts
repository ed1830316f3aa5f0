import { Duplex } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import { SyncRefusal, SyncSession } from "./sync-session.js";

/** The device's end of a connection: collects what it gets and answers with bytes. */
function connection(answers: readonly Buffer[]): { socket: Duplex; sent: () => Buffer } {
  const sent: Buffer[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      sent.push(chunk);
      done();
    },
  });
  for (const answer of answers) socket.push(answer);
  return { socket, sent: () => Buffer.concat(sent) };
}

function packet(id: string, body: string | number): Buffer {
  const header = Buffer.alloc(8, id, "latin1");
  header.writeUInt32LE(typeof body === "number" ? body : Buffer.byteLength(body), 4);
  return typeof body === "number" ? header : Buffer.concat([header, Buffer.from(body)]);
}

async function readAll(chunks: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all).toString();
}

describe("receive", () => {
  test("puts packets together, however the bytes arrive", async () => {
    const bytes = Buffer.concat([packet("DATA", "hello "), packet("DATA", "world"), packet("DONE", 0)]);
    const { socket, sent } = connection([...bytes].map((byte) => Buffer.from([byte])));
    expect(await readAll(new SyncSession(socket).receive("/data/x"))).toBe("hello world");
    expect(sent()).toEqual(packet("RECV", "/data/x"));
  });

  test("gives the device's reason when it refuses", async () => {
    const { socket } = connection([packet("FAIL", "open failed: No such file or directory")]);
    await expect(readAll(new SyncSession(socket).receive("/x"))).rejects.toThrow(
      new SyncRefusal("open failed: No such file or directory"),
    );
  });

  test("a broken connection is not a complete file", async () => {
    const { socket } = connection([packet("DATA", "hello").subarray(0, 10)]);
    socket.push(null);
    await expect(readAll(new SyncSession(socket).receive("/x"))).rejects.toThrow(/ended in the middle/);
  });

  test.each([packet("WHAT", 3), packet("DATA", 100_000)])(
    "a packet that breaks the protocol is refused",
    async (bytes) => {
      const { socket } = connection([bytes]);
      await expect(readAll(new SyncSession(socket).receive("/x"))).rejects.toThrow(/unexpected/);
    },
  );
});

describe("send", () => {
  test("sends path and mode, then the content in packets of at most 64 KiB", async () => {
    const { socket, sent } = connection([packet("OKAY", 0)]);
    await new SyncSession(socket).send([Buffer.alloc(100_000, "x")], "/data/a,b", 0o755);
    const bytes = sent();
    const head = packet("SEND", `/data/a,b,${0o100755}`);
    expect(bytes.subarray(0, head.length)).toEqual(head);
    expect(bytes.readUInt32LE(head.length + 4)).toBe(65_536);
    const second = head.length + 8 + 65_536;
    expect(bytes.toString("latin1", second, second + 4)).toBe("DATA");
    expect(bytes.readUInt32LE(second + 4)).toBe(100_000 - 65_536);
    expect(bytes.toString("latin1", bytes.length - 8, bytes.length - 4)).toBe("DONE");
  });

  test("an empty file has no data packet", async () => {
    const { socket, sent } = connection([packet("OKAY", 0)]);
    await new SyncSession(socket).send([], "/x", 0o644);
    expect(sent().toString("latin1")).not.toContain("DATA");
  });

  test("gives the device's reason when it refuses", async () => {
    const { socket } = connection([packet("FAIL", "couldn't create file: Permission denied")]);
    await expect(new SyncSession(socket).send([Buffer.from("x")], "/system/x", 0o644)).rejects.toThrow(
      /Permission denied/,
    );
  });

  test("content that cannot be read fails the transfer", async () => {
    const { socket } = connection([]);
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.from("a");
      throw new Error("disk error");
    }
    await expect(new SyncSession(socket).send(broken(), "/x", 0o644)).rejects.toThrow("disk error");
  });
});

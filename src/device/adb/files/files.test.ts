import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, type DuplexOptions } from "node:stream";
import type { AdbConnection } from "../server/connection.js";
import { pullFile, pushFile, readRemoteFile } from "./files.js";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "files-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function data(size: number): Buffer {
  const header = Buffer.alloc(8, "DATA", "latin1");
  header.writeUInt32LE(size, 4);
  return Buffer.concat([header, Buffer.alloc(size, "x")]);
}

/** A device whose file is sent without end, as /dev/zero is; or is so many packets of 1000 bytes (AOSP, SYNC.TXT). */
function connectionTo(
  packets: number,
  onAsked: () => void = () => undefined,
): { readonly connection: AdbConnection; sent(): number } {
  let sent = 0;
  const read = function (this: Duplex): void {
    if (sent < packets) {
      sent++;
      this.push(data(1000));
    } else this.push(Buffer.from("DONE\0\0\0\0", "latin1"));
  };
  const write: DuplexOptions["write"] = (_chunk, _encoding, done) => {
    onAsked();
    done();
  };
  const socket = new Duplex({ read, write });
  const connection = {
    ...{ serial: "phone-1", gone: new AbortController().signal },
    open: async () => socket,
    explain: async (error: unknown) => error,
  };
  return { connection: connection as unknown as AdbConnection, sent: () => sent };
}

describe("pull", () => {
  test("copies a file up to the limit", async () => {
    const target = join(folder, "x");
    await pullFile(connectionTo(5).connection, "/data/x", target, { maxBytes: 5000 });
    expect(readFileSync(target)).toHaveLength(5000);
  });

  test("goes where a link leads, with the mode of the file that is there; a pipe stays", async () => {
    const [target, link, pipe] = ["target", "link", "pipe"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(target, "old", { mode: 0o600 });
    symlinkSync(target, link);
    await pullFile(connectionTo(1).connection, "/data/x", link);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(target)).toHaveLength(1000);
    expect(statSync(target).mode & 0o777).toBe(0o600);
    expect(spawnSync("mkfifo", [pipe]).status).toBe(0);
    await expect(pullFile(connectionTo(1).connection, "/data/x", pipe)).rejects.toMatchObject({ code: "NOT_A_FILE" });
    expect(lstatSync(pipe).isFIFO()).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(["link", "pipe", "target"]);
  });

  test("refuses what is larger, soon, and leaves nothing", async () => {
    let whenAsked: readonly string[] = [];
    const { connection, sent } = connectionTo(Infinity, () => (whenAsked = readdirSync(folder)));
    const pulled = pullFile(connection, "/dev/zero", join(folder, "x"), { maxBytes: 5000 });
    await expect(pulled).rejects.toMatchObject({
      code: "FILE_TOO_LARGE",
      message: expect.stringMatching(/^\/dev\/zero on phone-1 is larger than 5000 bytes\.\nHint: .*maxBytes/),
    });
    // A file that is made later may be made after the draft was removed.
    expect(whenAsked).toEqual([expect.stringMatching(/^\.avf-[0-9a-f]{32}\.tmp$/)]);
    expect(readdirSync(folder)).toEqual([]);
    expect(sent()).toBeLessThan(1000);
  });
});

describe("push", () => {
  const { AVF_CACHE_DIR } = process.env;
  beforeEach(() => void (process.env["AVF_CACHE_DIR"] = join(folder, "cache")));
  afterEach(() => {
    if (AVF_CACHE_DIR === undefined) delete process.env["AVF_CACHE_DIR"];
    else process.env["AVF_CACHE_DIR"] = AVF_CACHE_DIR;
  });

  /** Uncaught, its error would end the process: nobody listens to the file before the device has answered. */
  test("of a file that vanishes while the device is asked rejects", async () => {
    const source = join(folder, "x");
    writeFileSync(source, "content");
    const open = async (service: string): Promise<Duplex> => {
      if (service !== "sync:") throw new Error("it has no shell");
      rmSync(source);
      // A stream that was made before has had its turns by now to find that the file is not there.
      for (let turn = 0; turn < 3; turn++) await stat(source).catch(() => undefined);
      return new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    };
    const connection = { ...connectionTo(0).connection, open } as unknown as AdbConnection;
    await expect(pushFile(connection, source, "/data/x")).rejects.toThrow(/ENOENT/);
  });
});

test("a file that is read whole has the same limit", async () => {
  const whole = await readRemoteFile(connectionTo(5).connection, "/data/x", { maxBytes: 5000 });
  expect(whole).toHaveLength(5000);
  const endless = readRemoteFile(connectionTo(Infinity).connection, "/dev/zero", { maxBytes: 5000 });
  await expect(endless).rejects.toMatchObject({ code: "FILE_TOO_LARGE" });
});

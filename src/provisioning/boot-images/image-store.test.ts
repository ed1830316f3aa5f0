import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandResult, Device } from "../../device/index.js";
import { Undo } from "../undo/undo.js";
import { imageStore, IMAGES_FOLDER } from "./image-store.js";

/** Files by path, and how much room there is. */
class FileDevice {
  readonly serial = "files";
  readonly files = new Map<string, Buffer>();
  readonly pushed: string[] = [];
  freeKib = 1_000_000;
  looks = 0;
  /** A push ends when this does. */
  pushes: Promise<void> = Promise.resolve();

  async execUnchecked(argv: readonly string[]): Promise<CommandResult> {
    const [program = ""] = argv;
    if (program !== "sh") return result(program === "ls" ? 2 : 0, "");
    this.looks += 1;
    const size = this.files.get(argv.at(-1) ?? "")?.length ?? "none";
    const df = `Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/vdb 2000000 1 ${this.freeKib} 50% /data\n`;
    return result(0, `${size}\n${df}`);
  }

  async exec(argv: readonly string[]): Promise<CommandResult> {
    if (argv[0] === "rm") for (const path of argv.slice(2)) this.files.delete(path);
    return result(0, "");
  }

  async push(source: string | Uint8Array, path: string): Promise<void> {
    this.pushed.push(path);
    await this.pushes;
    const content = typeof source === "string" ? readFileSync(source) : Buffer.from(source);
    this.files.set(path, content);
    this.freeKib -= Math.ceil(content.length / 1024);
  }
}

const result = (exitCode: number, stdout: string): CommandResult => ({
  ...{ argv: [], exitCode, stdout, stderr: "", durationMs: 0, signal: undefined },
  ...{ timedOut: false, canceled: false, startFailure: undefined },
});
const nameOf = (content: string): string => `${IMAGES_FOLDER}/${createHash("sha256").update(content).digest("hex")}`;

let folder: string;
let device: FileDevice;
let undo: Undo;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-images-"));
  device = new FileDevice();
  undo = new Undo(device as unknown as Device, undefined);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("an image", () => {
  const put = async (source: string | Uint8Array, store = imageStore(device as unknown as Device, undo)) => {
    const { path, done } = await store.put(source);
    await done;
    return path;
  };

  test("is pushed once, whatever its name and form; it is removed with the run", async () => {
    const store = imageStore(device as unknown as Device, undo);
    const [one, other] = ["a", "b"].map((name) => join(folder, name)) as [string, string];
    writeFileSync(one, "kernel");
    writeFileSync(other, "kernel");
    const paths = await Promise.all([put(one, store), put(other, store), put(Buffer.from("kernel"), store)]);
    expect(new Set(paths)).toEqual(new Set([nameOf("kernel")]));
    expect(device.pushed).toEqual([nameOf("kernel")]);
    expect(await put(Buffer.from("initrd"), store)).toBe(nameOf("initrd"));
    await undo.run();
    expect([...device.files.keys()]).toEqual([]);
    expect(readdirSync(folder)).toEqual(["a", "b"]);
  });

  test("that another one waits for is looked for once", async () => {
    const store = imageStore(device as unknown as Device, undo);
    let end = (): void => undefined;
    device.pushes = new Promise((resolve) => (end = resolve));
    const first = await store.put(Buffer.from("kernel"));
    const second = await store.put(Buffer.from("kernel"));
    end();
    await Promise.all([first.done, second.done]);
    expect([device.looks, device.pushed]).toEqual([1, [nameOf("kernel")]]);
  });

  test("is looked for at once, and pushed when the run has begun", async () => {
    let begin = (): void => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const looked = new Promise<void>((resolve) => {
      const { execUnchecked } = device;
      device.execUnchecked = async (argv) => {
        if (argv[0] === "sh") resolve();
        return execUnchecked.call(device, argv);
      };
    });
    const { done } = await imageStore(device as unknown as Device, undo, begun).put(Buffer.from("kernel"));
    await looked;
    expect(device.pushed).toEqual([]);
    begin();
    await done;
    expect(device.pushed).toEqual([nameOf("kernel")]);
  });

  test("that the device lost since, or has in part only, goes there again", async () => {
    const store = imageStore(device as unknown as Device, undo);
    const path = await put(Buffer.from("kernel"), store);
    device.files.delete(path);
    await put(Buffer.from("kernel"), store);
    device.files.set(path, Buffer.from("ker"));
    await put(Buffer.from("kernel"), store);
    expect(device.pushed).toEqual([path, path, path]);
  });

  test("is not kept away by another one whose call was ended, or whose device failed for a moment", async () => {
    const store = imageStore(device as unknown as Device, undo);
    const ended = new AbortController();
    const failed = new Error("ended");
    const { execUnchecked } = device;
    device.execUnchecked = async (argv) => {
      ended.signal.throwIfAborted();
      return execUnchecked.call(device, argv);
    };
    ended.abort(failed);
    await expect(put(Buffer.from("kernel"), store)).rejects.toBe(failed);
    device.execUnchecked = execUnchecked;
    expect(await put(Buffer.from("initrd"), store)).toBe(nameOf("initrd"));
  });

  test("that was there before stays", async () => {
    const path = nameOf("kernel");
    device.files.set(path, Buffer.from("kernel"));
    expect(await put(Buffer.from("kernel"))).toBe(path);
    await undo.run();
    expect([device.pushed, [...device.files.keys()]]).toEqual([[], [path]]);
  });

  test("that the device has no room for is refused by name, and nothing is pushed", async () => {
    device.freeKib = 1;
    const path = join(folder, "disk.img");
    writeFileSync(path, Buffer.alloc(2_000_000));
    await expect(put(path)).rejects.toMatchObject({
      ...{ kind: "usage", code: "IMAGE_TOO_LARGE" },
      message: expect.stringContaining(`${path} has 2 MiB; device files has room for 0 MiB.`),
    });
    expect(device.pushed).toEqual([]);
  });

  test("is refused if two that are pushed at once fit only alone, and pushed if both fit", async () => {
    for (const [freeKib, outcome] of [
      [300, "rejected"],
      [500, "fulfilled"],
    ] as const) {
      device = new FileDevice();
      device.freeKib = freeKib;
      let end = (): void => undefined;
      device.pushes = new Promise((resolve) => (end = resolve));
      const store = imageStore(device as unknown as Device, new Undo(device as unknown as Device, undefined));
      const images = await Promise.all(
        [Buffer.alloc(200 << 10, "a"), Buffer.alloc(200 << 10, "b")].map((each) => store.put(each)),
      );
      end();
      const [first, second] = await Promise.allSettled(images.map(({ done }) => done));
      expect([first?.status, second?.status]).toEqual(["fulfilled", outcome]);
    }
  });
});
